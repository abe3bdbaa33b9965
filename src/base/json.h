#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace edgetran::base {

/// JSON with the order of keys kept, so that files and outputs are stable.
using Json = nlohmann::ordered_json;

/// Parses `text`; duplicate keys, trailing bytes and nesting over 64 levels are errors.
/// `name` is the file or stream shown in messages (with line and column).
Result<Json> parse_json(std::string_view text, std::string_view name);

/// One line, keys in their order. Doubles round-trip; invalid UTF-8 is replaced, never thrown.
std::string dump_json(const Json& value);

/// Canonical bytes for hashing: keys sorted, no blanks, shortest round-trip numbers.
std::string canonical_json(const Json& value);

}  // namespace edgetran::base
