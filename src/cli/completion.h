#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "service/request.h"

namespace edgetran::cli {

/// The script of `edgetran completion bash|zsh|fish`, made from the declared operations.
/// words[0] is "completion".
base::Result<std::string> completion_script(const std::vector<service::Operation>& operations,
                                            const std::vector<std::string>& words);

}  // namespace edgetran::cli
