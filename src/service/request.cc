#include "service/request.h"

#include <fmt/format.h>

#include <algorithm>

namespace edgetran::service {

std::vector<std::string> Operation::needed() const {
  std::vector<std::string> names(positionals.begin(),
                                 positionals.end() - static_cast<ptrdiff_t>(optional_positionals));
  names.insert(names.end(), required.begin(), required.end());
  return names;
}

base::Json Operation::schema() const {
  return base::Json{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                    {"title", name},
                    {"description", summary},
                    {"type", "object"},
                    {"properties", base::settings_schema(settings)},
                    {"required", needed()},
                    {"additionalProperties", false}};
}

base::Status require_settings(const std::string& operation, const std::vector<std::string>& names,
                              const Arguments& arguments) {
  for (const auto& name : names) {
    const bool given = std::ranges::any_of(
        arguments, [&](const auto& argument) { return argument.first == name; });
    if (!given)
      return base::fail(base::ErrorCategory::kUsage, fmt::format("'{}' needs {}", operation, name),
                        fmt::format("see: edgetran {} --help", operation));
  }
  return {};
}

}  // namespace edgetran::service
