#pragma once

#include <string_view>

#include "base/result.h"

namespace edgetran::profile {

/// Refuses (kUsage) an ONNX file whose tensors lie in other files: engines open those by the names
/// that the model gives, and a peer's model names no file of this machine. Anything that is not
/// ONNX passes; the runtime says what it is. Looks at the structure only: no tensor is read.
base::Status check_self_contained(std::string_view model);

/// The same of bytes that are to be ONNX: kCorrupt where a message that leads to tensors is broken,
/// or written so that readers may differ about it (groups, tags over 32 bits).
base::Status check_onnx_self_contained(std::string_view model);

}  // namespace edgetran::profile
