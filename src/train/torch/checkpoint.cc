#include "train/torch/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <system_error>

#include "base/config.h"
#include "base/files.h"
#include "base/json.h"
#include "train/torch/device.h"
#include "weights/safetensors.h"

namespace edgetran::train::torch_engine {
namespace {

using base::ErrorCategory;

constexpr const char* kFormat = "edgetran.checkpoint/3";
constexpr const char* kMetadataKey = "edgetran";
constexpr std::string_view kBest = "best";

struct Group {
  std::string prefix;
  const graph::Graph* graph;
  std::span<const at::Tensor> tensors;
};

std::vector<Group> groups_of(std::span<const TrainedPart> parts) {
  std::vector<Group> groups;
  for (const TrainedPart& part : parts) {
    groups.push_back({part.prefix + "weight/", part.graph, part.optimizer->parameters()});
    groups.push_back({part.prefix + "first_moment/", part.graph, part.optimizer->first_moments()});
    groups.push_back(
        {part.prefix + "second_moment/", part.graph, part.optimizer->second_moments()});
  }
  return groups;
}

base::Json state_json(const TrainState& state, const std::string& fingerprint) {
  return {{"format", kFormat},
          {"fingerprint", fingerprint},
          {"step", state.step},
          {"tokens", state.tokens},
          {"epoch", state.cursor.epoch},
          {"position", state.cursor.position},
          {"loss_average", state.loss_average},
          {"task_average", state.task_average},
          {"loss_weight", state.loss_weight},
          {"rollbacks", state.rollbacks},
          {"returned_to", state.returned_to},
          {"returns", state.returns},
          {"candidate_step", state.candidate_step},
          {"good_step", state.good_step},
          {"stopping", stopping_json(state.stopping)}};
}

base::Result<TrainState> read_state(const base::Json& json, const std::string& name) {
  EDGETRAN_ASSIGN(auto map, base::ConfigMap::of(base::ConfigValue::from_json(json, name)));
  TrainState state;
  for (auto& [key, target] :
       std::map<std::string, int64_t*>{{"step", &state.step},
                                       {"tokens", &state.tokens},
                                       {"epoch", &state.cursor.epoch},
                                       {"position", &state.cursor.position},
                                       {"rollbacks", &state.rollbacks},
                                       {"returned_to", &state.returned_to},
                                       {"returns", &state.returns},
                                       {"candidate_step", &state.candidate_step},
                                       {"good_step", &state.good_step}}) {
    EDGETRAN_ASSIGN(const auto value, map.require(key));
    EDGETRAN_ASSIGN(*target, value.as_integer(0));
  }
  for (auto& [key, target] : std::map<std::string, double*>{{"loss_average", &state.loss_average},
                                                            {"task_average", &state.task_average},
                                                            {"loss_weight", &state.loss_weight}}) {
    EDGETRAN_ASSIGN(const auto value, map.require(key));
    EDGETRAN_ASSIGN(*target, value.as_number(0));
  }
  EDGETRAN_ASSIGN(const auto stopping, map.require("stopping"));
  EDGETRAN_ASSIGN(state.stopping, read_stopping(stopping));
  return state;
}

base::Error damaged(const std::filesystem::path& path, const std::string& what) {
  return {ErrorCategory::kCorrupt, fmt::format("checkpoint {}: {}", path.string(), what),
          "remove the folder to start this job from its beginning"};
}

base::Result<base::Json> read_header(const weights::SafetensorsFile& file,
                                     const std::filesystem::path& path) {
  const auto entry = file.metadata().find(kMetadataKey);
  if (entry == file.metadata().end()) return base::fail(damaged(path, "no state in its header"));
  EDGETRAN_ASSIGN(base::Json json, base::parse_json(entry->second, path.string()));
  const base::Json format = json.is_object() ? json.value("format", base::Json()) : base::Json();
  if (format == kFormat) return json;
  return base::fail(ErrorCategory::kUsage,
                    fmt::format("checkpoint {} is of the format {}; this version reads {}",
                                path.string(), base::dump_json(format), kFormat),
                    "finish the job with the version that began it, or remove the folder");
}

base::Status restore_tensor(const weights::SafetensorsFile& file, const std::string& name,
                            const std::filesystem::path& path, const at::Tensor& target) {
  const weights::TensorView* view = file.find(name);
  if (view == nullptr) return base::fail(damaged(path, "no tensor " + name));
  if (at::IntArrayRef(view->shape) != target.sizes()) {
    return base::fail(damaged(path, "another shape of tensor " + name));
  }
  EDGETRAN_ASSIGN(std::vector<float> values, weights::read_floats(*view));
  target.copy_(at::from_blob(values.data(), target.sizes(), at::kFloat));
  return {};
}

/// The tensors as they are written; `host` keeps what they point to.
std::vector<weights::TensorSource> sources_of(std::span<const Group> groups,
                                              std::vector<at::Tensor>& host) {
  std::vector<weights::TensorSource> sources;
  for (const Group& group : groups) {
    for (size_t i = 0; i < group.tensors.size(); ++i) {
      const at::Tensor tensor = on_host({group.tensors[i]})[0];
      host.push_back(tensor);
      sources.push_back({group.prefix + group.graph->parameters()[i].name, tensor.sizes().vec(),
                         std::span<const float>(tensor.const_data_ptr<float>(),
                                                static_cast<size_t>(tensor.numel()))});
    }
  }
  return sources;
}

base::Status restore_groups(const weights::SafetensorsFile& file, std::span<const Group> groups,
                            const std::filesystem::path& path) {
  for (const Group& group : groups) {
    for (size_t i = 0; i < group.tensors.size(); ++i) {
      EDGETRAN_TRY(restore_tensor(file, group.prefix + group.graph->parameters()[i].name, path,
                                  group.tensors[i].detach()));
    }
  }
  return {};
}

}  // namespace

std::string step_file(std::string_view kind, int64_t step) {
  return fmt::format("{}-{}.safetensors", kind, step);
}

void remove_other_steps(const std::filesystem::path& folder, std::string_view kind,
                        std::initializer_list<int64_t> kept) {
  std::error_code ignored;
  std::vector<std::filesystem::path> others;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(std::string(kind) + "-")) continue;
    const bool keep = std::any_of(kept.begin(), kept.end(), [&](int64_t step) {
      return step > 0 && name == step_file(kind, step);
    });
    if (!keep) others.push_back(entry.path());
  }
  for (const auto& path : others) std::filesystem::remove(path, ignored);
}

bool all_finite(std::span<const TrainedPart> parts) {
  for (const Group& group : groups_of(parts)) {
    for (const at::Tensor& tensor : group.tensors) {
      // A sum is finite only where every term is; only a sum that overflowed needs the second look.
      if (std::isfinite(tensor.detach().sum().item<double>())) continue;
      if (!at::isfinite(tensor.detach()).all().item<bool>()) return false;
    }
  }
  return true;
}

base::Status write_checkpoint(const std::filesystem::path& file, const std::string& fingerprint,
                              std::span<const TrainedPart> parts, const TrainState& state) {
  EDGETRAN_TRY(base::make_folder(file.parent_path()));
  std::vector<at::Tensor> host;
  return weights::write_safetensors(
      file, sources_of(groups_of(parts), host),
      {{kMetadataKey, base::dump_json(state_json(state, fingerprint))}});
}

base::Result<std::optional<TrainState>> read_checkpoint(const std::filesystem::path& file,
                                                        const std::string& fingerprint,
                                                        std::span<const TrainedPart> parts) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::nullopt;
  EDGETRAN_ASSIGN(const auto tensors, weights::SafetensorsFile::open(file));
  EDGETRAN_ASSIGN(const base::Json header, read_header(tensors, file));
  if (header.value("fingerprint", base::Json()) != fingerprint) {
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("checkpoint {} belongs to another job: model, data, teacher, "
                                  "settings, seed, budget or precision differ",
                                  file.string()),
                      "name another checkpoint folder, or remove this one");
  }
  auto state = read_state(header, file.string());
  if (!state) return base::fail(damaged(file, state.error().message));
  EDGETRAN_TRY(restore_groups(tensors, groups_of(parts), file));
  for (const TrainedPart& part : parts) part.optimizer->set_steps(state->step);
  return *state;
}

base::Status duplicate(const std::filesystem::path& file, const std::filesystem::path& copy) {
  std::filesystem::path fresh = copy;
  fresh += ".new";
  std::error_code failed;
  std::filesystem::remove(fresh, failed);  // of a run that was killed right here
  std::filesystem::create_hard_link(file, fresh, failed);
  if (failed) std::filesystem::copy_file(file, fresh, failed);
  if (!failed) std::filesystem::rename(fresh, copy, failed);
  if (!failed) return {};
  std::error_code ignored;
  std::filesystem::remove(fresh, ignored);
  return base::fail(ErrorCategory::kResource,
                    fmt::format("{} cannot be written: {}", copy.string(), failed.message()),
                    "free some space on the disk");
}

BestWeights::BestWeights(std::filesystem::path folder, const TrainedPart& part)
    : folder_(std::move(folder)), part_(part) {}

std::filesystem::path BestWeights::file_of(int64_t step) const {
  return folder_ / step_file(kBest, step);
}

base::Status BestWeights::keep(int64_t step) {
  const auto tensors = part_.optimizer->parameters();
  if (folder_.empty()) {
    kept_.clear();
    for (const at::Tensor& tensor : tensors) kept_.push_back(tensor.detach().clone());
    return {};
  }
  EDGETRAN_TRY(base::make_folder(folder_));
  std::vector<at::Tensor> host;
  const Group group{"weight/", part_.graph, tensors};
  return weights::write_safetensors(file_of(step), sources_of(std::span(&group, 1), host));
}

void BestWeights::forget_others(int64_t step) const {
  if (!folder_.empty()) remove_other_steps(folder_, kBest, {step});
}

base::Status BestWeights::restore(int64_t step) const {
  const auto tensors = part_.optimizer->parameters();
  if (folder_.empty()) {
    EDGETRAN_CHECK(kept_.size() == tensors.size(), "the best weights were kept");
    for (size_t i = 0; i < kept_.size(); ++i) tensors[i].detach().copy_(kept_[i]);
    return {};
  }
  std::error_code ignored;
  if (!std::filesystem::exists(file_of(step), ignored)) {
    return base::fail(damaged(file_of(step), "the best weights are not there"));
  }
  EDGETRAN_ASSIGN(const auto file, weights::SafetensorsFile::open(file_of(step)));
  const Group group{"weight/", part_.graph, tensors};
  return restore_groups(file, std::span(&group, 1), file_of(step));
}

}  // namespace edgetran::train::torch_engine
