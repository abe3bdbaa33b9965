#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace edgetran::base {

/// A place in a text: line and column count from 1, columns in code points.
struct SourcePosition {
  int line = 1;
  int column = 1;
};

/// Position of a byte offset; offsets behind the end stand at the end.
SourcePosition locate(std::string_view text, size_t offset);

/// A usage error at a byte offset of a document: "name:line:column: message", then the source
/// line, shortened around the place, and a caret under it.
Error source_error(std::string_view text, std::string_view name, size_t offset,
                   std::string_view message, std::string_view hint = {});

/// Fails at the first byte that is not valid UTF-8, naming its offset.
Status check_utf8(std::string_view text, std::string_view name);

}  // namespace edgetran::base
