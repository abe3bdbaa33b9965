#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "graph/graph.h"
#include "service/campaign/campaign_models.h"
#include "service/study/hardware.h"
#include "weights/model_folder.h"

namespace edgetran::service {

/// A model ready to be measured at one batch and length.
struct ExportedModel {
  weights::ModelInfo info;
  graph::Graph graph;
  ModelDigest digest;
  /// The file in the format of the deployment's runtime; none for a device that computes nothing.
  std::shared_ptr<const std::string> bytes;
};

/// The files of the models that are being measured, for all boards of a campaign: made once for a
/// (format, batch, length, mask), one at a time, and kept while their group is measured
/// (profile/campaign_plan.h). Of files that no board reads only size and hash are kept. Fresh
/// weights are seeded by the model: a latency does not depend on their values, but equal runs give
/// equal files. Thread-safe.
class CampaignExports {
 public:
  struct Options {
    bool mask = false;
    uint64_t seed = 0;
    size_t most_files = 0;
    /// Of files that are kept beside those in use; larger groups are made anew rather than swap.
    uint64_t most_bytes = uint64_t{1} << 30;
  };
  /// `hardware` outlives this.
  CampaignExports(const Hardware& hardware, Options options)
      : hardware_(hardware), options_(options) {}

  /// The model in a format of the device's runtime (Hardware::model_format), at its batch and
  /// length. `keep`: it will be asked for again soon. kUsage: it cannot be exported so; kResource:
  /// over 2 GiB.
  base::Result<ExportedModel> get(const CampaignModel& model, const StudyDevice& device,
                                  const std::string& format, bool keep);
  /// How many files were made.
  size_t made() const;

 private:
  struct File {
    ModelDigest digest;
    std::weak_ptr<const std::string> bytes;  ///< while somebody has them
  };
  struct Kept {
    std::string key;
    std::shared_ptr<const std::string> bytes;
  };
  /// Whether what is known of the file suffices; then it is in `exported`.
  bool find(const std::string& key, bool reads, bool keep, ExportedModel& exported);
  base::Result<std::string> write(const CampaignModel& model, const StudyDevice& device,
                                  const std::string& format, const ExportedModel& exported) const;
  void remember(const std::string& key, bool keep, const ExportedModel& exported);
  void make_room();

  const Hardware& hardware_;
  Options options_;
  std::mutex writing_;  ///< one file at a time: its weights and its bytes are in memory at once
  mutable std::mutex mutex_;  ///< of the following
  std::map<std::string, File> files_;
  std::list<Kept> kept_;  ///< most recently used first
  size_t made_ = 0;
};

}  // namespace edgetran::service
