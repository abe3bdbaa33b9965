#pragma once

#include <memory>
#include <openvino/runtime/compiled_model.hpp>

#include "base/json.h"
#include "profile/runtime.h"

namespace edgetran::profile::openvino {

/// A compiled network with one inference request. Its inputs and outputs are in host memory, and a
/// run returns when the outputs are there, on accelerators too: both edges of what is timed are
/// synchronised. `settings`: what settings_in_effect() says. Throws what OpenVINO throws; kUsage
/// for an input of a type other than int64 and float32.
base::Result<std::unique_ptr<CompiledModel>> make_model(ov::CompiledModel compiled,
                                                        base::Json settings);

}  // namespace edgetran::profile::openvino
