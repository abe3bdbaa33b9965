#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace edgetran::device {

/// What every runtime of an agent that does not say so loads.
inline constexpr const char* kOnnxFormat = "onnx";

/// The model formats of a runtime by an agent's reply to `capabilities`, the preferred first. An
/// older agent names none: "onnx". kDevice: the agent has no such runtime, or it does not work
/// there; the reason is the agent's.
base::Result<std::vector<std::string>> formats_of(const base::Json& capabilities,
                                                  const std::string& runtime);

}  // namespace edgetran::device
