#include "base/delimited.h"

#include <fmt/format.h>

namespace edgetran::base {
namespace {

// A text of 1 MiB is far beyond what an encoder of 512 positions reads; more means a lost quote.
constexpr size_t kFieldLimitBytes = size_t{1} << 20;
constexpr size_t kFieldsLimit = 10'000;

}  // namespace

bool DelimitedText::at_line_end() const {
  if (position_ >= text_.size() || text_[position_] == '\n') return true;
  return text_[position_] == '\r' &&
         (position_ + 1 == text_.size() || text_[position_ + 1] == '\n');
}

void DelimitedText::skip_line_end() {
  if (position_ < text_.size() && text_[position_] == '\r') ++position_;
  if (position_ < text_.size() && text_[position_] == '\n') {
    ++position_;
    ++line_;
  }
}

Result<bool> DelimitedText::next(std::vector<std::string>& fields) {
  while (position_ < text_.size() && at_line_end()) skip_line_end();
  if (position_ >= text_.size()) return false;
  record_line_ = line_;
  size_t count = 0;
  while (true) {
    if (count == kFieldsLimit)
      return fail(ErrorCategory::kUsage, fmt::format("more than {} columns", kFieldsLimit));
    if (fields.size() == count) fields.emplace_back();
    fields[count].clear();
    EDGETRAN_TRY(read_field(fields[count]));
    ++count;
    if (at_line_end()) break;
    ++position_;  // the delimiter
  }
  skip_line_end();
  fields.resize(count);
  return true;
}

Status DelimitedText::read_field(std::string& field) {
  if (quotes_ && position_ < text_.size() && text_[position_] == '"') return read_quoted(field);
  const size_t start = position_;
  while (!at_line_end() && text_[position_] != delimiter_) ++position_;
  if (position_ - start > kFieldLimitBytes)
    return fail(ErrorCategory::kUsage, fmt::format("a field of {} bytes; at most {} are read",
                                                   position_ - start, kFieldLimitBytes));
  field.assign(text_.substr(start, position_ - start));
  return {};
}

Status DelimitedText::read_quoted(std::string& field) {
  const int64_t opened = line_;
  for (++position_; position_ < text_.size(); ++position_) {
    const char byte = text_[position_];
    if (byte == '"') {
      if (position_ + 1 < text_.size() && text_[position_ + 1] == '"') {
        ++position_;  // a doubled quote stands for one
      } else {
        ++position_;
        if (at_line_end() || text_[position_] == delimiter_) return {};
        return fail(ErrorCategory::kUsage,
                    fmt::format("a character follows the closing quote on line {}", line_),
                    "write a quote inside a quoted field twice");
      }
    }
    if (byte == '\n') ++line_;
    field.push_back(byte);
    if (field.size() > kFieldLimitBytes) break;
  }
  return fail(ErrorCategory::kUsage,
              fmt::format("the quote opened on line {} is not closed", opened),
              "close it; a quote inside a quoted field is written twice");
}

}  // namespace edgetran::base
