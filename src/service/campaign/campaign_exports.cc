#include "service/campaign/campaign_exports.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/hash.h"
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

Result<ExportedModel> CampaignExports::get(const CampaignModel& model, const StudyDevice& device,
                                           const std::string& format, bool keep) {
  ExportedModel exported;
  exported.info.spec = model.spec;
  exported.info.labels = kLabels;
  auto options = weights::build_options(exported.info);
  options.mask = options_.mask;
  EDGETRAN_ASSIGN(exported.graph, encoder::build_encoder(model.spec, options));
  const auto key = key_of(model, device.deployment, format);
  const bool reads = !hardware_.computes_nothing(device);
  if (find(key, reads, keep, exported)) return exported;
  const std::lock_guard<std::mutex> one_at_a_time(writing_);
  if (find(key, reads, keep, exported)) return exported;  // another board's, meanwhile
  EDGETRAN_ASSIGN(std::string bytes, write(model, device, format, exported));
  exported.digest = {.sha256 = base::sha256_hex(bytes), .bytes = bytes.size()};
  if (reads) exported.bytes = std::make_shared<const std::string>(std::move(bytes));
  remember(key, keep, exported);
  return exported;
}

bool CampaignExports::find(const std::string& key, bool reads, bool keep, ExportedModel& exported) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto known = files_.find(key);
  if (known == files_.end()) return false;
  exported.digest = known->second.digest;
  if (!reads) return true;
  exported.bytes = known->second.bytes.lock();
  if (!exported.bytes) return false;
  const auto kept = std::ranges::find(kept_, key, &Kept::key);
  if (kept != kept_.end()) {
    kept_.splice(kept_.begin(), kept_, kept);
  } else if (keep) {
    kept_.push_front({.key = key, .bytes = exported.bytes});
    make_room();
  }
  return true;
}

Result<std::string> CampaignExports::write(const CampaignModel& model, const StudyDevice& device,
                                           const std::string& format,
                                           const ExportedModel& exported) const {
  const auto weights = weights::initialize(
      exported.graph, base::RandomStream(options_.seed, "campaign.weights").derive(model.id),
      weights::Initialization::kTraining);
  return hardware_.export_as(format, device,
                             {exported.graph, weights, model.spec.vocabulary, exported.info});
}

void CampaignExports::remember(const std::string& key, bool keep, const ExportedModel& exported) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++made_;
  files_[key] = {.digest = exported.digest, .bytes = exported.bytes};
  if (!keep || !exported.bytes) return;
  kept_.push_front({.key = key, .bytes = exported.bytes});
  make_room();
}

void CampaignExports::make_room() {
  uint64_t bytes = 0;
  for (const auto& file : kept_) bytes += file.bytes->size();
  while (kept_.size() > 1 && (kept_.size() > options_.most_files || bytes > options_.most_bytes)) {
    bytes -= kept_.back().bytes->size();
    kept_.pop_back();
  }
}

size_t CampaignExports::made() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return made_;
}

}  // namespace edgetran::service
