#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "base/result.h"
#include "device/card.h"
#include "graph/graph.h"
#include "service/campaign/campaign_models.h"

namespace edgetran::service {

/// A model ready to be measured at one batch and length.
struct ExportedModel {
  graph::Graph graph;
  std::string onnx;
};

/// The ONNX files of the models that are being measured: made once for a (batch, length, mask) and
/// kept while their group is measured (profile/campaign_plan.h). Fresh weights are seeded by the
/// model: a latency does not depend on their values, but equal runs give equal files. Not
/// thread-safe; one a board.
class CampaignExports {
 public:
  struct Options {
    bool mask = false;
    uint64_t seed = 0;
    size_t most_files = 0;
    uint64_t most_bytes = uint64_t{1} << 30;  ///< larger groups are made anew rather than swap
  };
  explicit CampaignExports(Options options) : options_(options) {}

  /// The model at the deployment's batch and length. `keep`: it will be asked for again soon.
  /// kUsage: it cannot be exported so; kResource: over 2 GiB.
  base::Result<std::shared_ptr<const ExportedModel>> get(const CampaignModel& model,
                                                         const device::Deployment& deployment,
                                                         bool keep);
  /// How many files were made.
  size_t made() const { return made_; }

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const ExportedModel> model;
  };
  void make_room();

  Options options_;
  std::list<Entry> entries_;  ///< most recently used first
  size_t made_ = 0;
};

}  // namespace edgetran::service
