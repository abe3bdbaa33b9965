#pragma once

#include <memory>
#include <openvino/runtime/compiled_model.hpp>

#include "profile/runtime.h"

namespace edgetran::profile::openvino {

/// A compiled network with one inference request. Throws what OpenVINO throws; kUsage for an input
/// of a type other than int64 and float32.
base::Result<std::unique_ptr<CompiledModel>> make_model(ov::CompiledModel compiled);

}  // namespace edgetran::profile::openvino
