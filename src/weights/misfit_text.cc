#include "weights/misfit_text.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace edgetran::weights {
namespace {

constexpr size_t kNamedTensors = 5;

}  // namespace

void append_tensors(std::string_view what, const std::vector<std::string>& tensors,
                    std::string& message) {
  if (tensors.empty()) return;
  const size_t named = std::min(tensors.size(), kNamedTensors);
  message +=
      fmt::format("{}{}: {}", message.empty() ? "" : "; ", what,
                  fmt::join(tensors.begin(), tensors.begin() + static_cast<int64_t>(named), ", "));
  if (tensors.size() > named) message += fmt::format(" and {} more", tensors.size() - named);
}

}  // namespace edgetran::weights
