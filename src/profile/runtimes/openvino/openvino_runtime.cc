#include "profile/runtimes/openvino/openvino_runtime.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <openvino/openvino.hpp>
#include <openvino/pass/serialize.hpp>
#include <optional>
#include <sstream>
#include <utility>

#include "profile/onnx_file.h"
#include "profile/runtimes/openvino/openvino_devices.h"
#include "profile/runtimes/openvino/openvino_errors.h"
#include "profile/runtimes/openvino/openvino_model.h"
#include "profile/runtimes/openvino/tensor_sizes.h"

namespace edgetran::profile::openvino {

namespace {

using base::ErrorCategory;

base::Status check_shapes(const ov::Model& model, const ov::PartialShape& wanted) {
  for (const auto& input : model.inputs()) {
    const ov::PartialShape shape = input.get_partial_shape();
    if (shape.compatible(wanted)) continue;
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("input \"{}\" of the model is {}, the deployment wants {}",
                                  input.get_any_name(), shape.to_string(), wanted.to_string()),
                      "export the model with this batch and length, or with --dynamic");
  }
  return {};
}

/// Gives every input [batch, length]; a model with other fixed sizes is a usage error.
base::Status fix_shapes(ov::Model& model, const RunSettings& settings,
                        const std::vector<OnnxNode>& nodes) {
  const ov::PartialShape wanted{settings.batch, settings.length};
  EDGETRAN_TRY(check_shapes(model, wanted));
  if (!model.is_dynamic()) return {};
  std::map<std::string, ov::PartialShape> shapes;
  for (const auto& input : model.inputs()) shapes[input.get_any_name()] = wanted;
  try {
    model.reshape(shapes);
    return {};
  } catch (const std::exception& error) {
    const auto action =
        fmt::format("fit a batch of {} and a length of {} to", settings.batch, settings.length);
    return base::fail(error_from_openvino(error, action, nodes, ErrorCategory::kUsage));
  }
}

class OpenVinoRuntime final : public Runtime {
 public:
  explicit OpenVinoRuntime(std::vector<Device> devices) : devices_(std::move(devices)) {}

  base::Clock& clock() override { return clock_; }

  base::Result<std::unique_ptr<CompiledModel>> load(std::string_view model,
                                                    const RunSettings& settings) override {
    EDGETRAN_ASSIGN(const Device device,
                    choose_device(devices_, settings.accelerator, settings.precision));
    EDGETRAN_ASSIGN(const auto nodes, read_onnx_nodes(model));
    EDGETRAN_ASSIGN(const auto network, read(model, nodes));
    EDGETRAN_TRY(fix_shapes(*network, settings, nodes));
    EDGETRAN_TRY(check_tensor_sizes(*network, usable_memory_bytes()));
    try {
      auto compiled =
          core_.compile_model(network, device.name, compile_properties(device, settings));
      base::Json in_effect = settings_of(compiled, device);
      EDGETRAN_TRY(check_settings(in_effect, device, settings));
      return make_model(std::move(compiled), std::move(in_effect));
    } catch (const std::exception& error) {
      return base::fail(error_from_openvino(error, "compile", nodes, ErrorCategory::kFailed));
    }
  }

  base::Result<std::vector<ModelFile>> convert(std::string_view model) override {
    EDGETRAN_ASSIGN(const auto nodes, read_onnx_nodes(model));
    EDGETRAN_ASSIGN(const auto network, read(model, nodes));
    try {
      std::ostringstream description, weights;
      ov::pass::Serialize(description, weights).run_on_model(network);
      return std::vector<ModelFile>{{"model.xml", std::move(description).str()},
                                    {"model.bin", std::move(weights).str()}};
    } catch (const std::exception& error) {
      return base::fail(error_from_openvino(error, "write", nodes, ErrorCategory::kFailed));
    }
  }

 private:
  base::Result<std::shared_ptr<ov::Model>> read(std::string_view model,
                                                const std::vector<OnnxNode>& nodes) {
    try {
      return core_.read_model(std::string(model), ov::Tensor());
    } catch (const std::exception& error) {
      return base::fail(error_from_openvino(error, "read", nodes, ErrorCategory::kCorrupt));
    }
  }

  base::SystemClock clock_;
  std::vector<Device> devices_;
  ov::Core core_;
};

class OpenVinoFactory final : public RuntimeFactory {
 public:
  RuntimeInfo info() const override { return found().info; }

  base::Result<std::unique_ptr<Runtime>> create() const override {
    const Found& here = found();
    if (!here.info.available) {
      return base::fail(ErrorCategory::kDevice, here.info.reason,
                        "check the installation of OpenVINO's plug-ins");
    }
    try {
      return std::make_unique<OpenVinoRuntime>(here.devices);
    } catch (const std::exception& error) {
      return base::fail(ErrorCategory::kDevice,
                        fmt::format("OpenVINO does not start: {}", words_of(error)));
    }
  }

 private:
  struct Found {
    RuntimeInfo info;
    std::vector<Device> devices;
  };

  // Asking loads the plug-ins: done once.
  const Found& found() const {
    if (!found_) found_ = ask();
    return *found_;
  }

  static Found ask() {
    Found here;
    RuntimeInfo& info = here.info;
    info.name = "openvino";
    try {
      info.version = ov::get_openvino_version().buildNumber;
      ov::Core core;
      here.devices = find_devices(core);
      add_devices(here.devices, info);
      info.available = !here.devices.empty();
      if (!info.available) info.reason = "OpenVINO finds no device";
    } catch (const std::exception& error) {
      info.available = false;
      info.reason = fmt::format("OpenVINO does not start: {}", words_of(error));
    }
    return here;
  }

  static void add_devices(const std::vector<Device>& devices, RuntimeInfo& info) {
    for (const Device& device : devices) {
      info.devices.push_back(device.name);
      info.device_precisions[device.name] = device.precisions;
      for (const std::string& precision : device.precisions) {
        const auto& known = info.precisions;
        if (std::find(known.begin(), known.end(), precision) == known.end())
          info.precisions.push_back(precision);
      }
    }
  }

  mutable std::optional<Found> found_;
};

}  // namespace

std::unique_ptr<RuntimeFactory> make_factory() { return std::make_unique<OpenVinoFactory>(); }

}  // namespace edgetran::profile::openvino
