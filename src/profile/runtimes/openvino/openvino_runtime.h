#pragma once

#include <memory>

#include "profile/runtime.h"

namespace edgetran::profile::openvino {

/// OpenVINO's CPU device, one stream tuned for latency. Threads and precision are always those of
/// the request, never the engine's choice; threads are not pinned to cores, because which core is
/// free on a shared board is the scheduler's knowledge. ONNX bytes in memory; symbolic batch and
/// length are fixed to the request's before compiling. kDevice: no CPU device, or a precision that
/// it does not have; kCorrupt: bytes that OpenVINO cannot read. Converts to OpenVINO IR: model.xml
/// and model.bin, weights in float32.
std::unique_ptr<RuntimeFactory> make_factory();

}  // namespace edgetran::profile::openvino
