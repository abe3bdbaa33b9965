#include "train/torch/runtime_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "train/torch/device.h"
#include "train/torch/engine_errors.h"
#include "train/torch/model_inputs.h"
#include "weights/safetensors.h"
#include "weights/tensor.h"

namespace edgetran::train::torch_engine {
namespace {

using base::ErrorCategory;
using base::Json;

constexpr const char* kCpu = "CPU";
constexpr const char* kCuda = "CUDA";

std::vector<std::string> output_names(const weights::ModelInfo& info) {
  if (info.labels > 0) return {"logits"};
  return {"last_hidden_state", "pooled"};
}

/// The device that the settings name, where it has their precision.
base::Result<at::Device> choose_device(const RuntimeSettings& settings) {
  std::vector<std::string> names;
  for (const RuntimeDevice& device : runtime_devices()) {
    names.push_back(device.name);
    if (device.name != settings.accelerator) continue;
    const auto& known = device.precisions;
    if (std::find(known.begin(), known.end(), settings.precision) != known.end()) {
      return find_device(device.name == kCpu ? "cpu" : "cuda");
    }
    return base::fail(ErrorCategory::kDevice,
                      fmt::format("libtorch's device {} does not compute in {}; it offers {}",
                                  device.name, settings.precision, fmt::join(known, ", ")),
                      "choose another deployment");
  }
  return base::fail(ErrorCategory::kDevice,
                    fmt::format("libtorch finds no device \"{}\" here; it finds {}",
                                settings.accelerator, fmt::join(names, ", ")),
                    "choose another accelerator");
}

base::Status check_model(const weights::PackedModel& model, const RuntimeSettings& settings) {
  if (model.info.mlm) {
    return base::fail(ErrorCategory::kUsage,
                      "the model has a masked-language-model head, which no deployment runs",
                      "deploy a classifier, or the encoder without its head");
  }
  if (settings.length > model.info.spec.positions) {
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("the deployment wants rows of {} tokens; the model has {} "
                                  "positions",
                                  settings.length, model.info.spec.positions),
                      "choose a shorter length");
  }
  return {};
}

/// Whether nobody but linear layers reads the parameter, and they as their weight.
bool is_linear_weight(const graph::Graph& graph, graph::ValueId value) {
  bool read = false;
  for (const graph::Node& node : graph.nodes()) {
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] != value) continue;
      if (node.op != graph::Op::kLinear || i != 1) return false;
      read = true;
    }
  }
  return read;
}

/// Float32 is float32: without it, convolutions and products of an accelerator may round their
/// operands to ten bits.
void compute_exactly() {
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
}

template <class Work>
auto guarded(const char* action, const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& error) {
    return base::fail(error_from_engine(error, action));
  }
}

}  // namespace

std::vector<RuntimeDevice> runtime_devices() {
  const auto precisions = [](at::Device device) {
    return computes_bf16(device) ? std::vector<std::string>{"fp32", "bf16"}
                                 : std::vector<std::string>{"fp32"};
  };
  std::vector<RuntimeDevice> devices = {{kCpu, precisions(at::kCPU)}};
  if (at::hasCUDA()) devices.push_back({kCuda, precisions(at::Device(at::kCUDA, 0))});
  return devices;
}

std::vector<at::Tensor> inference_parameters(const graph::Graph& graph,
                                             const weights::Weights& weights, at::Device device,
                                             Precision precision) {
  std::vector<at::Tensor> parameters = on_device(to_tensors(weights, false), device);
  if (precision != Precision::kBf16) return parameters;
  for (size_t i = 0; i < graph.values().size(); ++i) {
    const graph::Value& value = graph.values()[i];
    const bool converts = value.source == graph::Value::Source::kParameter &&
                          is_linear_weight(graph, static_cast<graph::ValueId>(i));
    if (!converts) continue;
    at::Tensor& parameter = parameters[static_cast<size_t>(value.index)];
    parameter = parameter.to(at::kBFloat16);
  }
  return parameters;
}

RuntimeModel::RuntimeModel(weights::PackedModel model, RuntimeSettings settings, at::Device device)
    : model_(std::move(model)),
      settings_(std::move(settings)),
      device_(device),
      precision_(settings_.precision == "bf16" ? Precision::kBf16 : Precision::kFp32),
      output_names_(output_names(model_.info)),
      interpreter_(model_.graph, output_names_),
      parameters_(inference_parameters(model_.graph, model_.weights, device_, precision_)) {
  model_.weights = {};  // the engine has its own copy
}

base::Result<std::unique_ptr<RuntimeModel>> RuntimeModel::load(std::string bytes,
                                                               const RuntimeSettings& settings) {
  EDGETRAN_ASSIGN(const at::Device device, choose_device(settings));
  EDGETRAN_ASSIGN(auto packed, weights::unpack_model(std::move(bytes)));
  EDGETRAN_TRY(check_model(packed, settings));
  return guarded("load", [&]() -> base::Result<std::unique_ptr<RuntimeModel>> {
    compute_exactly();
    at::set_num_threads(static_cast<int>(settings.threads));
    const int threads = at::get_num_threads();
    if (threads != settings.threads) {
      return base::fail(ErrorCategory::kDevice,
                        fmt::format("libtorch runs with {} threads where {} were asked for",
                                    threads, settings.threads),
                        "choose a deployment with fewer threads");
    }
    return std::unique_ptr<RuntimeModel>(new RuntimeModel(std::move(packed), settings, device));
  });
}

Json RuntimeModel::inputs_json() const {
  Json list = Json::array();
  for (const graph::NamedValue& input : model_.graph.inputs()) {
    list.push_back(
        {{"name", input.name}, {"type", "I64"}, {"shape", {settings_.batch, settings_.length}}});
  }
  return list;
}

Json RuntimeModel::settings_json() const {
  return {{"device", device_.is_cpu() ? kCpu : kCuda},
          {"precision", settings_.precision},
          {"threads", at::get_num_threads()},
          {"interop_threads", at::get_num_interop_threads()}};
}

base::Status RuntimeModel::check_inputs(const weights::SafetensorsFile& file) const {
  const std::vector<int64_t> wanted = {settings_.batch, settings_.length};
  for (const weights::TensorView& tensor : file.tensors()) {
    if (model_.graph.find_input(tensor.name) == graph::kNone) {
      return base::fail(ErrorCategory::kUsage,
                        fmt::format("the model has no input \"{}\"", tensor.name));
    }
    if (tensor.shape != wanted || tensor.type != weights::DataType::kI64) {
      return base::fail(
          ErrorCategory::kUsage,
          fmt::format("the input \"{}\" is {} {}; the deployment wants I64 {}", tensor.name,
                      weights::data_type_name(tensor.type), weights::shape_text(tensor.shape),
                      weights::shape_text(wanted)));
    }
  }
  for (const graph::NamedValue& input : model_.graph.inputs()) {
    if (file.find(input.name) != nullptr) continue;
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("the input \"{}\" is missing", input.name));
  }
  return {};
}

base::Status RuntimeModel::set_inputs(std::string blob) {
  EDGETRAN_ASSIGN(const auto file, weights::SafetensorsFile::parse(std::move(blob), "inputs"));
  EDGETRAN_TRY(check_inputs(file));
  return guarded("take the inputs of", [&]() -> base::Status {
    EDGETRAN_ASSIGN(inputs_, read_model_inputs(file, model_.info.spec, model_.graph));
    outputs_.clear();
    return {};
  });
}

/// Copies to and from another device wait for it, so both edges are synchronised.
void RuntimeModel::infer() {
  outputs_ = on_host(
      interpreter_.run(on_device(inputs_, device_), parameters_, {.precision = precision_}));
}

base::Result<std::vector<double>> RuntimeModel::run(const RuntimeGoal& goal,
                                                    const base::Clock& clock,
                                                    const base::CancelToken& cancel) {
  if (inputs_.empty()) return base::fail(ErrorCategory::kUsage, "the model has no inputs yet");
  return guarded("run", [&]() -> base::Result<std::vector<double>> {
    const c10::InferenceMode inference;
    at::set_num_threads(static_cast<int>(settings_.threads));  // OpenMP keeps it by thread
    std::vector<double> seconds;
    const double begin_s = clock.now_s();
    bool reached = false;
    while (!reached) {
      if (cancel.requested())
        return base::fail(ErrorCategory::kInterrupted, "measuring was cancelled");
      const double start_s = clock.now_s();
      infer();
      const double end_s = clock.now_s();
      seconds.push_back(end_s - start_s);
      const auto done = static_cast<int64_t>(seconds.size());
      const double elapsed_s = end_s - begin_s;
      reached = (done >= goal.runs && elapsed_s >= goal.seconds) ||
                (goal.limit_s > 0 && elapsed_s >= goal.limit_s && done >= goal.least_runs);
    }
    return seconds;
  });
}

base::Result<std::string> RuntimeModel::outputs() const {
  if (outputs_.empty()) return base::fail(ErrorCategory::kUsage, "nothing was run yet");
  std::vector<weights::TensorSource> sources;
  sources.reserve(output_names_.size());
  for (size_t i = 0; i < output_names_.size(); ++i) {
    sources.push_back({output_names_[i], outputs_[i].sizes().vec(),
                       std::span<const float>(outputs_[i].const_data_ptr<float>(),
                                              static_cast<size_t>(outputs_[i].numel()))});
  }
  return weights::encode_safetensors(sources);
}

}  // namespace edgetran::train::torch_engine
