#include "encoder/heads/registry.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/config.h"

namespace edgetran::encoder {
namespace {

#define EDGETRAN_LIST_HEAD_TYPE(constant) &(constant),
constexpr std::array kHeadTypes{EDGETRAN_HEAD_TYPES(EDGETRAN_LIST_HEAD_TYPE)};
#undef EDGETRAN_LIST_HEAD_TYPE

}  // namespace

HeadRegistry builtin_head_types() { return kHeadTypes; }

std::vector<std::string> head_type_names(HeadRegistry registry) {
  std::vector<std::string> names;
  names.reserve(registry.size());
  for (const HeadType* type : registry) names.emplace_back(type->name);
  return names;
}

base::Result<size_t> find_head_type(HeadRegistry registry, std::string_view name) {
  const auto found = std::find_if(registry.begin(), registry.end(),
                                  [name](const HeadType* type) { return type->name == name; });
  if (found != registry.end()) return static_cast<size_t>(found - registry.begin());
  const std::vector<std::string> names = head_type_names(registry);
  const std::string known = fmt::format("{}", fmt::join(names, ", "));
  const auto nearest = base::nearest_name(name, names);
  return base::fail(base::ErrorCategory::kUsage, fmt::format("unknown head type '{}'", name),
                    nearest ? fmt::format("did you mean '{}'? Known: {}", *nearest, known)
                            : fmt::format("known: {}", known));
}

}  // namespace edgetran::encoder
