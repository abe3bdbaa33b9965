#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace edgetran::weights {

/// Adds "what: a, b" of `tensors` to a message, after a "; " where it has begun: five of them, the
/// rest counted. Nothing where there are none.
void append_tensors(std::string_view what, const std::vector<std::string>& tensors,
                    std::string& message);

}  // namespace edgetran::weights
