#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "space/model_spec.h"

namespace edgetran::service {

/// An encoder of a campaign.
struct CampaignModel {
  std::string id;  ///< canonical hash of the spec
  space::ModelSpec spec;
  std::string source;  ///< where it was named: "models.jsonl:3", "space.yaml"
  int64_t parameters = 0;
  int64_t flops = 0;        ///< at batch 1 and kCountedLength tokens, or all positions if fewer
  int64_t bytes_moved = 0;  ///< likewise
};

/// Costs of a campaign's models are counted at this length.
inline constexpr int64_t kCountedLength = 128;

/// Builds the encoder once to count it. kUsage within `source` where it cannot be built.
base::Result<CampaignModel> describe_model(const space::ModelSpec& spec, std::string source);

/// The models of a JSONL file: a spec, a published dictionary, or an object with a "spec" (as
/// `edgetran space sample --format jsonl` writes) a line; empty lines are skipped. kUsage with file
/// and line: no model at all, bad JSON, a spec that cannot be built, and a design that stands there
/// twice (both lines are named).
base::Result<std::vector<CampaignModel>> read_models_file(const std::filesystem::path& path);

/// `count` different designs of a space, drawn as `edgetran space sample --seed` draws them. kUsage
/// where the space has fewer.
base::Result<std::vector<CampaignModel>> sample_models(const std::filesystem::path& space,
                                                       int64_t count, uint64_t seed);

/// The head of a model's hash, for people: enough to find it in the campaign's file.
std::string shown_id(const std::string& model);

/// The model with the median FLOPs, of an even number the smaller one; ties go by id. Not empty.
const CampaignModel& median_model(const std::vector<CampaignModel>& models);

}  // namespace edgetran::service
