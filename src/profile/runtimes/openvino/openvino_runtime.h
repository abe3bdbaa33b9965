#pragma once

#include <memory>

#include "profile/runtime.h"

namespace edgetran::profile::openvino {

/// OpenVINO on the devices that its plug-ins find (RunSettings::accelerator: "CPU", "GPU", "GPU.1",
/// "NPU"), one stream tuned for latency. Precision, and threads on the CPU, are always those of the
/// request, never the engine's choice, and read back from the compiled model: where they differ,
/// loading fails. Threads are not pinned to cores, because which core is free on a shared board is
/// the scheduler's knowledge. ONNX bytes in memory, checked by profile/onnx_file.h; symbolic batch
/// and length are fixed to the request's before compiling.
///
/// Errors of loading: kCorrupt: bytes that are no ONNX file or that OpenVINO cannot read; kUsage:
/// shapes that do not fit; kDevice: no such device, or one that lacks the precision or does not
/// keep the settings; kFailed: an operator that OpenVINO does not implement, named with its nodes;
/// kResource: a model that needs more memory than there is. Converts to OpenVINO IR: model.xml and
/// model.bin, weights in float32.
std::unique_ptr<RuntimeFactory> make_factory();

}  // namespace edgetran::profile::openvino
