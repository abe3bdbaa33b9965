#pragma once

#include <cstdint>
#include <list>
#include <memory>
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
  std::string bytes;  ///< in the format of the deployment's runtime
};

/// The files of the models that are being measured: made once for a (format, batch, length, mask)
/// and kept while their group is measured (profile/campaign_plan.h). Fresh weights are seeded by
/// the model: a latency does not depend on their values, but equal runs give equal files. Not
/// thread-safe; one a board.
class CampaignExports {
 public:
  struct Options {
    bool mask = false;
    uint64_t seed = 0;
    size_t most_files = 0;
    uint64_t most_bytes = uint64_t{1} << 30;  ///< larger groups are made anew rather than swap
  };
  /// `hardware` outlives this.
  CampaignExports(const Hardware& hardware, Options options)
      : hardware_(hardware), options_(options) {}

  /// The model in a format of the device's runtime (Hardware::model_format), at its batch and
  /// length. `keep`: it will be asked for again soon. kUsage: it cannot be exported so; kResource:
  /// over 2 GiB.
  base::Result<std::shared_ptr<const ExportedModel>> get(const CampaignModel& model,
                                                         const StudyDevice& device,
                                                         const std::string& format, bool keep);
  /// How many files were made.
  size_t made() const { return made_; }

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const ExportedModel> model;
  };
  base::Result<std::shared_ptr<const ExportedModel>> make(const CampaignModel& model,
                                                          const StudyDevice& device,
                                                          const std::string& format) const;
  void make_room();

  const Hardware& hardware_;
  Options options_;
  std::list<Entry> entries_;  ///< most recently used first
  size_t made_ = 0;
};

}  // namespace edgetran::service
