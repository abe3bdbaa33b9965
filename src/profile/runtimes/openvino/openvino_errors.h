#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "profile/onnx_file.h"

namespace edgetran::profile::openvino {

/// The words of OpenVINO's exception that say what is wrong, in one line: without places in its
/// sources, checks, advice and repetition.
std::string words_of(const std::exception& exception);

/// Whether the exception says that memory, or another resource of the system, ran out.
bool is_exhaustion(const std::exception& exception);

/// An exception as an error: "OpenVINO cannot {action} the model: words". Running out of memory is
/// kResource, anything else `otherwise`. Where an operator is to blame it is named: its type, and
/// by `nodes` (of the ONNX file) the names of its nodes; an operator that OpenVINO does not
/// implement is kFailed.
base::Error error_from_openvino(const std::exception& exception, std::string_view action,
                                const std::vector<OnnxNode>& nodes, base::ErrorCategory otherwise);

}  // namespace edgetran::profile::openvino
