#include "service/campaign/campaign_exports.h"

#include <fmt/format.h>

#include <algorithm>

#include "device/model_formats.h"
#include "encoder/encoder.h"
#include "weights/weights.h"

namespace edgetran::service {

using base::Result;

namespace {

/// A classifier of two classes, as most tasks have: the logits are what a latency ends with.
constexpr int64_t kLabels = 2;

/// Equal for deployments that run the same file: ONNX files are of one batch and length.
std::string key_of(const CampaignModel& model, const device::Deployment& deployment,
                   const std::string& format) {
  if (format != device::kOnnxFormat) return fmt::format("{}/{}", format, model.id);
  return fmt::format("{}/{}/{}/{}", format, model.id, deployment.batch, deployment.length);
}

}  // namespace

Result<std::shared_ptr<const ExportedModel>> CampaignExports::make(
    const CampaignModel& model, const StudyDevice& device, const std::string& format) const {
  weights::ModelInfo info;
  info.spec = model.spec;
  info.labels = kLabels;
  auto options = weights::build_options(info);
  options.mask = options_.mask;
  EDGETRAN_ASSIGN(auto graph, encoder::build_encoder(model.spec, options));
  const auto weights = weights::initialize(
      graph, base::RandomStream(options_.seed, "campaign.weights").derive(model.id),
      weights::Initialization::kTraining);
  EDGETRAN_ASSIGN(auto bytes, hardware_.export_as(format, device,
                                                  {graph, weights, model.spec.vocabulary, info}));
  return std::make_shared<const ExportedModel>(
      ExportedModel{.info = std::move(info), .graph = std::move(graph), .bytes = std::move(bytes)});
}

Result<std::shared_ptr<const ExportedModel>> CampaignExports::get(const CampaignModel& model,
                                                                  const StudyDevice& device,
                                                                  const std::string& format,
                                                                  bool keep) {
  const auto key = key_of(model, device.deployment, format);
  const auto known = std::ranges::find(entries_, key, &Entry::key);
  if (known != entries_.end()) {
    entries_.splice(entries_.begin(), entries_, known);
    return entries_.front().model;
  }
  EDGETRAN_ASSIGN(auto made, make(model, device, format));
  ++made_;
  if (keep) {
    entries_.push_front({.key = key, .model = made});
    make_room();
  }
  return made;
}

void CampaignExports::make_room() {
  uint64_t bytes = 0;
  for (const auto& entry : entries_) bytes += entry.model->bytes.size();
  while (entries_.size() > 1 &&
         (entries_.size() > options_.most_files || bytes > options_.most_bytes)) {
    bytes -= entries_.back().model->bytes.size();
    entries_.pop_back();
  }
}

}  // namespace edgetran::service
