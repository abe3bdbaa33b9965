#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace edgetran::base {

/// Deepest nesting of lists and maps in any document.
inline constexpr int kMaxNesting = 64;

/// What a document consists of, in order; offsets are bytes from its start. An error returned
/// ends the scan.
class DocumentHandler {
 public:
  virtual ~DocumentHandler() = default;
  virtual Status begin_map(size_t offset) = 0;
  virtual Status begin_list(size_t offset) = 0;
  virtual Status key(std::string name, size_t offset) = 0;
  /// A string, number, boolean or null.
  virtual Status scalar(Json value, size_t offset) = 0;
  /// The innermost open map or list is complete.
  virtual Status end() = 0;
};

/// Strict JSON (RFC 8259): no comments, no trailing commas, no bytes after the value, valid UTF-8,
/// at most 64 levels. Numbers that no double holds are errors. Duplicate keys are the handler's.
Status scan_json(std::string_view text, std::string_view name, DocumentHandler& handler);

}  // namespace edgetran::base
