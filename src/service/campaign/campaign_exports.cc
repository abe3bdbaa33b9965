#include "service/campaign/campaign_exports.h"

#include <fmt/format.h>

#include <algorithm>

#include "encoder/encoder.h"
#include "onnx/export.h"
#include "weights/weights.h"

namespace edgetran::service {

using base::Result;

namespace {

/// A classifier of two classes, as most tasks have: the logits are what a latency ends with.
constexpr int64_t kLabels = 2;

Result<std::shared_ptr<const ExportedModel>> export_model(const CampaignModel& model,
                                                          const device::Deployment& deployment,
                                                          bool mask, uint64_t seed) {
  EDGETRAN_ASSIGN(
      auto graph,
      encoder::build_encoder(
          model.spec, {.head = encoder::TaskHead::kClassifier, .labels = kLabels, .mask = mask}));
  const auto weights =
      weights::initialize(graph, base::RandomStream(seed, "campaign.weights").derive(model.id),
                          weights::Initialization::kTraining);
  EDGETRAN_ASSIGN(
      auto onnx,
      onnx::export_onnx(graph, weights, {.batch = deployment.batch, .length = deployment.length}));
  return std::make_shared<const ExportedModel>(
      ExportedModel{.graph = std::move(graph), .onnx = std::move(onnx)});
}

}  // namespace

Result<std::shared_ptr<const ExportedModel>> CampaignExports::get(
    const CampaignModel& model, const device::Deployment& deployment, bool keep) {
  const auto key = fmt::format("{}/{}/{}", model.id, deployment.batch, deployment.length);
  const auto known = std::ranges::find(entries_, key, &Entry::key);
  if (known != entries_.end()) {
    entries_.splice(entries_.begin(), entries_, known);
    return entries_.front().model;
  }
  EDGETRAN_ASSIGN(auto made, export_model(model, deployment, options_.mask, options_.seed));
  ++made_;
  if (keep) {
    entries_.push_front({.key = key, .model = made});
    make_room();
  }
  return made;
}

void CampaignExports::make_room() {
  uint64_t bytes = 0;
  for (const auto& entry : entries_) bytes += entry.model->onnx.size();
  while (entries_.size() > 1 &&
         (entries_.size() > options_.most_files || bytes > options_.most_bytes)) {
    bytes -= entries_.back().model->onnx.size();
    entries_.pop_back();
  }
}

}  // namespace edgetran::service
