#include "train/torch/infer.h"

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "train/torch/device.h"
#include "train/torch/interpreter.h"
#include "train/torch/model.h"
#include "train/torch/model_inputs.h"
#include "weights/safetensors.h"

namespace edgetran::train::torch_engine {
namespace {

using base::ErrorCategory;

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
  EDGETRAN_ASSIGN(const auto inputs, read_model_inputs(file, model.info.spec, model.graph));
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
