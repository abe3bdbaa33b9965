#include "service/json_difference.h"

#include <fmt/format.h>

namespace edgetran::service {

using base::Json;

namespace {

std::string joined(const std::string& path, const std::string& key) {
  return path.empty() ? key : fmt::format("{}.{}", path, key);
}

}  // namespace

std::string first_difference(const Json& then, const Json& now, const std::string& path) {
  if (then.is_object() && now.is_object()) {
    for (const auto& [key, value] : now.items()) {
      const std::string inner = joined(path, key);
      if (!then.contains(key)) return inner + ": new";
      auto difference = first_difference(then.at(key), value, inner);
      if (!difference.empty()) return difference;
    }
    for (const auto& [key, value] : then.items())
      if (!now.contains(key)) return joined(path, key) + ": gone";
    return {};
  }
  if (base::canonical_json(then) == base::canonical_json(now)) return {};
  return fmt::format("{}: {} there, {} now", path, base::dump_json(then), base::dump_json(now));
}

}  // namespace edgetran::service
