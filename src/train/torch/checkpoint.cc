#include "train/torch/checkpoint.h"

#include <fmt/format.h>

#include <cstring>
#include <map>
#include <span>
#include <system_error>
#include <vector>

#include "base/config.h"
#include "base/files.h"
#include "base/json.h"
#include "weights/safetensors.h"

namespace edgetran::train::torch_engine {
namespace {

using base::ErrorCategory;

constexpr const char* kFile = "checkpoint.safetensors";
constexpr const char* kFormat = "edgetran.checkpoint/1";
constexpr const char* kMetadataKey = "edgetran";

struct Group {
  const char* prefix;
  std::span<const at::Tensor> tensors;
};

std::vector<Group> groups_of(const AdamW& optimizer) {
  return {{"weight/", optimizer.parameters()},
          {"first_moment/", optimizer.first_moments()},
          {"second_moment/", optimizer.second_moments()}};
}

base::Json state_json(const TrainState& state, const std::string& fingerprint) {
  return {{"format", kFormat},
          {"fingerprint", fingerprint},
          {"step", state.step},
          {"tokens", state.tokens},
          {"epoch", state.cursor.epoch},
          {"position", state.cursor.position},
          {"loss_average", state.loss_average},
          {"loss_weight", state.loss_weight}};
}

base::Result<TrainState> read_state(const base::Json& json, const std::string& name) {
  EDGETRAN_ASSIGN(auto map, base::ConfigMap::of(base::ConfigValue::from_json(json, name)));
  TrainState state;
  for (auto& [key, target] :
       std::map<std::string, int64_t*>{{"step", &state.step},
                                       {"tokens", &state.tokens},
                                       {"epoch", &state.cursor.epoch},
                                       {"position", &state.cursor.position}}) {
    EDGETRAN_ASSIGN(const auto value, map.require(key));
    EDGETRAN_ASSIGN(*target, value.as_integer(0));
  }
  for (auto& [key, target] : std::map<std::string, double*>{{"loss_average", &state.loss_average},
                                                            {"loss_weight", &state.loss_weight}}) {
    EDGETRAN_ASSIGN(const auto value, map.require(key));
    EDGETRAN_ASSIGN(*target, value.as_number(0));
  }
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
  if (!json.is_object() || json.value("format", base::Json()) != kFormat) {
    return base::fail(damaged(path, fmt::format("not of the format {}", kFormat)));
  }
  return json;
}

base::Status restore(const weights::SafetensorsFile& file, const std::string& name,
                     const std::filesystem::path& path, const at::Tensor& target) {
  const weights::TensorView* view = file.find(name);
  if (view == nullptr) return base::fail(damaged(path, "no tensor " + name));
  if (at::IntArrayRef(view->shape) != target.sizes()) {
    return base::fail(damaged(path, "another shape of tensor " + name));
  }
  EDGETRAN_ASSIGN(const std::vector<float> values, weights::read_floats(*view));
  std::memcpy(target.mutable_data_ptr<float>(), values.data(), values.size() * sizeof(float));
  return {};
}

}  // namespace

base::Status write_checkpoint(const std::filesystem::path& folder, const std::string& fingerprint,
                              const graph::Graph& graph, const TrainState& state,
                              const AdamW& optimizer) {
  EDGETRAN_TRY(base::make_folder(folder));
  std::vector<weights::TensorSource> sources;
  for (const Group& group : groups_of(optimizer)) {
    for (size_t i = 0; i < group.tensors.size(); ++i) {
      const at::Tensor& tensor = group.tensors[i];
      const std::string& name = graph.parameters()[i].name;
      if (!at::isfinite(tensor.detach()).all().item<bool>()) {
        return base::fail(ErrorCategory::kFailed,
                          fmt::format("{}{} is not finite after step {}: training diverged",
                                      group.prefix, name, state.step));
      }
      sources.push_back({group.prefix + name, tensor.sizes().vec(),
                         std::span<const float>(tensor.const_data_ptr<float>(),
                                                static_cast<size_t>(tensor.numel()))});
    }
  }
  return weights::write_safetensors(
      folder / kFile, sources, {{kMetadataKey, base::dump_json(state_json(state, fingerprint))}});
}

base::Result<std::optional<TrainState>> read_checkpoint(const std::filesystem::path& folder,
                                                        const std::string& fingerprint,
                                                        const graph::Graph& graph,
                                                        AdamW& optimizer) {
  const auto path = folder / kFile;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::nullopt;
  EDGETRAN_ASSIGN(const auto file, weights::SafetensorsFile::open(path));
  EDGETRAN_ASSIGN(const base::Json header, read_header(file, path));
  if (header.value("fingerprint", base::Json()) != fingerprint) {
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("checkpoint {} belongs to another job: model, data, settings, "
                                  "seed, budget or precision differ",
                                  path.string()),
                      "name another checkpoint folder, or remove this one");
  }
  auto state = read_state(header, path.string());
  if (!state) return base::fail(damaged(path, state.error().message));
  for (const Group& group : groups_of(optimizer)) {
    for (size_t i = 0; i < group.tensors.size(); ++i) {
      EDGETRAN_TRY(restore(file, group.prefix + graph.parameters()[i].name, path,
                           group.tensors[i].detach()));
    }
  }
  optimizer.set_steps(state->step);
  return *state;
}

}  // namespace edgetran::train::torch_engine
