#include "train/torch/infer.h"

#include <fmt/format.h>

#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "train/torch/device.h"
#include "train/torch/inputs.h"
#include "train/torch/interpreter.h"
#include "train/torch/model.h"
#include "weights/safetensors.h"

namespace edgetran::train::torch_engine {
namespace {

using base::ErrorCategory;

base::Status refuse(const std::string& file, const std::string& what) {
  return base::fail(ErrorCategory::kUsage, fmt::format("{}: {}", file, what));
}

/// The int64 tensor of this name in the shape of input_ids, all values in [0, limit); filled with
/// `fallback` where the file lacks it.
base::Result<std::vector<int64_t>> read_input(const weights::SafetensorsFile& file,
                                              const std::string& name,
                                              const std::vector<int64_t>& shape, int64_t limit,
                                              int64_t fallback) {
  const auto elements = static_cast<size_t>(shape[0] * shape[1]);
  const weights::TensorView* view = file.find(name);
  if (view == nullptr) return std::vector<int64_t>(elements, fallback);
  if (view->shape != shape) {
    EDGETRAN_TRY(refuse(file.name(),
                        fmt::format("{} has the shape {}, input_ids has {}", name,
                                    weights::shape_text(view->shape), weights::shape_text(shape))));
  }
  EDGETRAN_ASSIGN(auto values, weights::read_integers(*view));
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] >= 0 && values[i] < limit) continue;
    EDGETRAN_TRY(refuse(
        file.name(),
        fmt::format("{}{} is {}; the model takes 0 to {}", name,
                    weights::index_text(shape, static_cast<int64_t>(i)), values[i], limit - 1)));
  }
  return values;
}

/// Every row starts with a valid position, and padding comes last.
base::Status check_mask(const std::string& file, const std::vector<int64_t>& shape,
                        const std::vector<int64_t>& mask) {
  for (int64_t row = 0; row < shape[0]; ++row) {
    const std::span<const int64_t> values(mask.data() + row * shape[1],
                                          static_cast<size_t>(shape[1]));
    if (values[0] != 1)
      return refuse(file, fmt::format("attention_mask row {} starts with 0", row));
    for (size_t i = 1; i < values.size(); ++i) {
      if (values[i] <= values[i - 1]) continue;
      return refuse(file, fmt::format("attention_mask row {} has padding before position {}; "
                                      "padding comes last",
                                      row, i));
    }
  }
  return {};
}

base::Result<std::vector<at::Tensor>> read_inputs(const weights::SafetensorsFile& file,
                                                  const Model& model) {
  const space::ModelSpec& spec = model.info.spec;
  const weights::TensorView* ids = file.find("input_ids");
  if (ids == nullptr || ids->shape.size() != 2 || ids->shape[0] < 1 || ids->shape[1] < 1 ||
      ids->shape[1] > spec.positions) {
    EDGETRAN_TRY(refuse(
        file.name(),
        fmt::format("input_ids must be [batch, length] with a length of 1 to {}; seen: {}",
                    spec.positions, ids == nullptr ? "none" : weights::shape_text(ids->shape))));
  }
  const std::vector<int64_t> shape = ids->shape;
  EDGETRAN_ASSIGN(const auto tokens, read_input(file, "input_ids", shape, spec.vocabulary, 0));
  EDGETRAN_ASSIGN(const auto types, read_input(file, "token_type_ids", shape, spec.types, 0));
  EDGETRAN_ASSIGN(const auto mask, read_input(file, "attention_mask", shape, 2, 1));
  EDGETRAN_TRY(check_mask(file.name(), shape, mask));
  std::vector<int64_t> everywhere(tokens.size());
  std::iota(everywhere.begin(), everywhere.end(), int64_t{0});
  std::vector<at::Tensor> inputs;
  for (const graph::NamedValue& input : model.graph.inputs()) {
    if (input.name == "selected_positions") {
      inputs.push_back(int64_tensor(everywhere, {static_cast<int64_t>(everywhere.size())}));
    } else {
      const auto& values = input.name == "input_ids"        ? tokens
                           : input.name == "token_type_ids" ? types
                                                            : mask;
      inputs.push_back(int64_tensor(values, shape));
    }
  }
  return inputs;
}

base::Status write_outputs(const std::filesystem::path& path, const std::vector<std::string>& names,
                           const std::vector<at::Tensor>& outputs) {
  std::vector<weights::TensorSource> sources;
  std::vector<at::Tensor> kept;
  kept.reserve(outputs.size());
  for (const at::Tensor& output : outputs) kept.push_back(on_host({output})[0]);
  for (size_t i = 0; i < names.size(); ++i) {
    sources.push_back({names[i], kept[i].sizes().vec(),
                       std::span<const float>(kept[i].const_data_ptr<float>(),
                                              static_cast<size_t>(kept[i].numel()))});
  }
  return weights::write_safetensors(path, sources);
}

}  // namespace

base::Result<TrainResult> infer(const TrainJob& job, const base::CancelToken& cancel) {
  if (cancel.requested()) return base::fail(ErrorCategory::kInterrupted, "cancelled");
  const at::NoGradGuard no_gradients;
  EDGETRAN_ASSIGN(const Model model, load_trained(job.model));
  EDGETRAN_ASSIGN(const auto file, weights::SafetensorsFile::open(job.inputs));
  EDGETRAN_ASSIGN(const auto inputs, read_inputs(file, model));
  std::vector<std::string> names;
  for (const char* name : {"last_hidden_state", "logits", "mlm_logits", "pooled"}) {
    const bool repeats = std::string_view(name) == "pooled" && model.info.labels > 0;
    if (model.graph.find_output(name) != graph::kNone && !repeats) names.emplace_back(name);
  }
  const Interpreter interpreter(model.graph, names);
  EDGETRAN_ASSIGN(const at::Device device, find_device(job.device));
  const auto outputs = interpreter.run(on_device(inputs, device),
                                       on_device(to_tensors(model.weights, false), device),
                                       {.precision = job.precision});
  EDGETRAN_TRY(write_outputs(job.outputs, names, outputs));
  TrainResult result;
  result.tokens = inputs[0].numel();
  return result;
}

}  // namespace edgetran::train::torch_engine
