#pragma once

#include <openvino/openvino.hpp>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "profile/runtime.h"

namespace edgetran::profile::openvino {

/// A device that OpenVINO's plug-ins find: "CPU", "GPU.1", "NPU".
struct Device {
  std::string name;
  std::string full_name;                ///< "Intel(R) Arc(TM) ..."
  std::vector<std::string> precisions;  ///< by our names: "fp32", "bf16", "fp16"
  std::vector<std::string> settable;    ///< OpenVINO's names of the properties that it lets be set
};

/// Throws what OpenVINO throws.
std::vector<Device> find_devices(ov::Core& core);

/// Our names of the precisions among a device's capabilities ("FP32", "BF16", "FP16", ...). A CPU
/// computes in float32 whatever it lists.
std::vector<std::string> precisions_of(const std::string& device,
                                       const std::vector<std::string>& capabilities);

/// The device that `accelerator` names: by its own name, or by its kind ("GPU" is the first one).
/// kDevice, with what is there, where there is none, or where it does not have the precision.
base::Result<Device> choose_device(const std::vector<Device>& devices,
                                   const std::string& accelerator, const std::string& precision);

/// How the model is to be compiled: precision, one stream, tuned for latency; threads on the CPU
/// alone, where they mean something. Nothing is left to the engine but what the device does not let
/// be set (an NPU has one stream); check_settings() looks at that too.
ov::AnyMap compile_properties(const Device& device, const RunSettings& settings);

/// What a compiled model says of how it runs: {device, full_name, inference_precision, streams,
/// performance_mode, threads (CPU)}.
base::Json settings_of(const ov::CompiledModel& compiled, const Device& device);

/// Whether the settings in effect are those that were asked for. kDevice names what differs: a
/// figure of another precision or number of threads is not a figure of this deployment.
base::Status check_settings(const base::Json& in_effect, const Device& device,
                            const RunSettings& settings);

}  // namespace edgetran::profile::openvino
