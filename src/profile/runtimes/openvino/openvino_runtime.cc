#include "profile/runtimes/openvino/openvino_runtime.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <openvino/openvino.hpp>
#include <openvino/pass/serialize.hpp>
#include <optional>
#include <sstream>
#include <utility>

#include "profile/runtimes/openvino/openvino_model.h"

namespace edgetran::profile::openvino {

namespace {

constexpr const char* kDevice = "CPU";

tl::unexpected<base::Error> device_error(std::string message, std::string hint) {
  return base::fail(base::ErrorCategory::kDevice, std::move(message), std::move(hint));
}

/// Gives every input [batch, length]; a model with other fixed sizes is a usage error.
base::Status fix_shapes(ov::Model& model, const RunSettings& settings) {
  const ov::PartialShape wanted{settings.batch, settings.length};
  std::map<std::string, ov::PartialShape> shapes;
  for (const auto& input : model.inputs()) {
    const ov::PartialShape shape = input.get_partial_shape();
    if (!shape.compatible(wanted)) {
      return base::fail(base::ErrorCategory::kUsage,
                        fmt::format("input \"{}\" of the model is {}, the deployment wants {}",
                                    input.get_any_name(), shape.to_string(), wanted.to_string()),
                        "export the model with this batch and length, or with --dynamic");
    }
    shapes[input.get_any_name()] = wanted;
  }
  if (model.is_dynamic()) model.reshape(shapes);
  return {};
}

ov::AnyMap compile_properties(const RunSettings& settings) {
  const auto precision = settings.precision == "bf16" ? ov::element::bf16 : ov::element::f32;
  return {ov::hint::inference_precision(precision),
          ov::inference_num_threads(static_cast<int32_t>(settings.threads)),
          ov::num_streams(ov::streams::Num(1)),
          ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY),
          ov::hint::enable_cpu_pinning(false)};
}

/// Precisions by our names, of the device's capabilities.
std::vector<std::string> precisions_of(ov::Core& core) {
  std::vector<std::string> names = {"fp32"};
  const auto capabilities = core.get_property(kDevice, ov::device::capabilities);
  if (std::find(capabilities.begin(), capabilities.end(), ov::device::capability::BF16) !=
      capabilities.end()) {
    names.emplace_back("bf16");
  }
  return names;
}

class OpenVinoRuntime final : public Runtime {
 public:
  explicit OpenVinoRuntime(std::vector<std::string> precisions)
      : precisions_(std::move(precisions)) {}

  base::Clock& clock() override { return clock_; }

  base::Result<std::unique_ptr<CompiledModel>> load(std::string_view model,
                                                    const RunSettings& settings) override {
    if (std::find(precisions_.begin(), precisions_.end(), settings.precision) ==
        precisions_.end()) {
      return device_error(fmt::format("this processor has no {}; OpenVINO offers {}",
                                      settings.precision, fmt::join(precisions_, ", ")),
                          "choose another deployment");
    }
    EDGETRAN_ASSIGN(const auto network, read(model));
    try {
      EDGETRAN_TRY(fix_shapes(*network, settings));
      return make_model(core_.compile_model(network, kDevice, compile_properties(settings)));
    } catch (const std::exception& error) {
      return base::fail(base::ErrorCategory::kFailed,
                        fmt::format("OpenVINO cannot compile the model: {}", error.what()));
    }
  }

  base::Result<std::vector<ModelFile>> convert(std::string_view model) override {
    EDGETRAN_ASSIGN(const auto network, read(model));
    try {
      std::ostringstream description, weights;
      ov::pass::Serialize(description, weights).run_on_model(network);
      return std::vector<ModelFile>{{"model.xml", std::move(description).str()},
                                    {"model.bin", std::move(weights).str()}};
    } catch (const std::exception& error) {
      return base::fail(base::ErrorCategory::kFailed,
                        fmt::format("OpenVINO cannot write the model: {}", error.what()));
    }
  }

 private:
  base::Result<std::shared_ptr<ov::Model>> read(std::string_view model) {
    try {
      return core_.read_model(std::string(model), ov::Tensor());
    } catch (const std::exception& error) {
      return base::fail(base::ErrorCategory::kCorrupt,
                        fmt::format("OpenVINO cannot read the model: {}", error.what()),
                        "it must be an ONNX file");
    }
  }

  base::SystemClock clock_;
  std::vector<std::string> precisions_;
  ov::Core core_;
};

class OpenVinoFactory final : public RuntimeFactory {
 public:
  RuntimeInfo info() const override {
    // Asking loads the plug-in: done once.
    if (!info_) info_ = ask();
    return *info_;
  }

  base::Result<std::unique_ptr<Runtime>> create() const override {
    const RuntimeInfo info = this->info();
    if (!info.available) {
      return device_error(info.reason, "check the installation of OpenVINO's CPU plug-in");
    }
    try {
      return std::make_unique<OpenVinoRuntime>(info.precisions);
    } catch (const std::exception& error) {
      return device_error(fmt::format("OpenVINO does not start: {}", error.what()), "");
    }
  }

 private:
  static RuntimeInfo ask() {
    RuntimeInfo info;
    info.name = "openvino";
    try {
      info.version = ov::get_openvino_version().buildNumber;
      ov::Core core;
      info.devices = core.get_available_devices();
      info.available =
          std::find(info.devices.begin(), info.devices.end(), kDevice) != info.devices.end();
      if (info.available) info.precisions = precisions_of(core);
      if (!info.available) info.reason = "OpenVINO finds no CPU device";
    } catch (const std::exception& error) {
      info.available = false;
      info.reason = fmt::format("OpenVINO does not start: {}", error.what());
    }
    return info;
  }

  mutable std::optional<RuntimeInfo> info_;
};

}  // namespace

std::unique_ptr<RuntimeFactory> make_factory() { return std::make_unique<OpenVinoFactory>(); }

}  // namespace edgetran::profile::openvino
