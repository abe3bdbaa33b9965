#pragma once

#include <cstdint>
#include <openvino/core/model.hpp>

#include "base/result.h"

namespace edgetran::profile::openvino {

/// Refuses, before anything is compiled, a model that can only end in a lack of memory: one tensor
/// of more than `limit_bytes`, or results that are computed while compiling (operators on
/// constants) of more than that together. A few hundred bytes of ONNX can ask for terabytes.
/// kResource names the operator and the size. Dynamic shapes are left to the engine.
base::Status check_tensor_sizes(const ov::Model& model, uint64_t limit_bytes);

/// What this process may use: the memory of the machine or of its control group, or the limit on
/// its address space, whichever is less. UINT64_MAX where nothing is known.
uint64_t usable_memory_bytes();

}  // namespace edgetran::profile::openvino
