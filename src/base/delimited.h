#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace edgetran::base {

/// Cuts delimited text into records. Not a table yet: no header, no column names.
class DelimitedText {
 public:
  /// `text` outlives this. With `quotes`, fields follow RFC 4180; a quote inside an unquoted field
  /// is an ordinary character.
  DelimitedText(std::string_view text, char delimiter, bool quotes)
      : text_(text), delimiter_(delimiter), quotes_(quotes) {}

  /// The next record that is not a blank line; false at the end. kUsage (without file name): a
  /// quote that is not closed, a character after a closing quote, a field over 1 MiB, more than
  /// 10 000 fields.
  Result<bool> next(std::vector<std::string>& fields);
  /// Line, from 1, on which the last record started.
  int64_t line() const { return record_line_; }

 private:
  Status read_field(std::string& field);
  Status read_quoted(std::string& field);
  bool at_line_end() const;
  void skip_line_end();

  std::string_view text_;
  char delimiter_;
  bool quotes_;
  size_t position_ = 0;
  int64_t line_ = 1;
  int64_t record_line_ = 1;
};

}  // namespace edgetran::base
