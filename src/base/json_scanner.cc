#include "base/json_scanner.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <optional>

#include "base/numbers.h"
#include "base/source_text.h"
#include "base/text.h"

namespace edgetran::base {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, uint32_t code) {
  const auto byte = [&](uint32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0U | (code >> 6));
    byte(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    byte(0xE0U | (code >> 12));
    byte(0x80U | ((code >> 6) & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  } else {
    byte(0xF0U | (code >> 18));
    byte(0x80U | ((code >> 12) & 0x3FU));
    byte(0x80U | ((code >> 6) & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  }
}

class Scanner {
 public:
  Scanner(std::string_view text, std::string_view name, DocumentHandler& handler)
      : text_(text), name_(name), handler_(handler) {}

  Status run() {
    if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
    skip_blanks();
    if (at_ == text_.size()) return wrong("the document is empty");
    EDGETRAN_TRY(value(0));
    skip_blanks();
    if (at_ != text_.size()) return wrong("unexpected text after the end of the document");
    return {};
  }

 private:
  tl::unexpected<Error> wrong_at(size_t offset, std::string_view message,
                                 std::string_view hint = {}) const {
    return fail(source_error(text_, name_, offset, message, hint));
  }

  tl::unexpected<Error> wrong(std::string_view message, std::string_view hint = {}) const {
    return wrong_at(at_, at_ == text_.size() ? "the document ends too early" : message, hint);
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool accept(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void skip_blanks() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

  Status value(int depth) {
    switch (peek()) {
      case '{':
        return map(depth);
      case '[':
        return list(depth);
      case '"': {
        const size_t start = at_;
        EDGETRAN_ASSIGN(std::string content, string());
        return handler_.scalar(std::move(content), start);
      }
      default:
        return is_digit(peek()) || peek() == '-' ? number() : word();
    }
  }

  Status open(int depth, bool is_map) {
    if (depth >= kMaxNesting)
      return wrong(fmt::format("nested deeper than {} levels", kMaxNesting));
    EDGETRAN_TRY(is_map ? handler_.begin_map(at_) : handler_.begin_list(at_));
    ++at_;
    skip_blanks();
    return {};
  }

  /// After an element: true where another follows.
  Result<bool> more(char closing) {
    skip_blanks();
    if (accept(closing)) return false;
    if (!accept(',')) return wrong(fmt::format("expected ',' or '{}'", closing));
    skip_blanks();
    if (peek() == closing) return wrong(fmt::format("a comma before '{}' is not allowed", closing));
    return true;
  }

  Status map(int depth) {
    EDGETRAN_TRY(open(depth, true));
    bool another = !accept('}');
    while (another) {
      if (peek() != '"') return wrong("expected a key in double quotes");
      const size_t start = at_;
      EDGETRAN_ASSIGN(std::string name, string());
      EDGETRAN_TRY(handler_.key(std::move(name), start));
      skip_blanks();
      if (!accept(':')) return wrong("expected ':' after the key");
      skip_blanks();
      EDGETRAN_TRY(value(depth + 1));
      EDGETRAN_ASSIGN(another, more('}'));
    }
    return handler_.end();
  }

  Status list(int depth) {
    EDGETRAN_TRY(open(depth, false));
    bool another = !accept(']');
    while (another) {
      EDGETRAN_TRY(value(depth + 1));
      EDGETRAN_ASSIGN(another, more(']'));
    }
    return handler_.end();
  }

  Status word() {
    const size_t start = at_;
    size_t end = at_;
    while (end < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[end])) != 0)) ++end;
    const std::string_view found = text_.substr(start, end - start);
    at_ = end;
    if (found == "true") return handler_.scalar(true, start);
    if (found == "false") return handler_.scalar(false, start);
    if (found == "null") return handler_.scalar(nullptr, start);
    at_ = start;
    if (peek() == '/') return wrong("JSON has no comments");
    if (peek() == '\'') return wrong("expected double quotes");
    if (found.empty()) return wrong("expected a value");
    return wrong(fmt::format("{} is not a JSON value", in_quotes(found)),
                 "write strings in double quotes");
  }

  void skip_digits() {
    while (is_digit(peek())) ++at_;
  }

  Status number() {
    const size_t start = at_;
    accept('-');
    if (!is_digit(peek())) return wrong("expected a digit after '-'");
    if (accept('0') && is_digit(peek()))
      return wrong_at(start, "a number cannot start with a zero");
    skip_digits();
    bool is_integer = true;
    if (accept('.')) {
      is_integer = false;
      if (!is_digit(peek())) return wrong("expected a digit after '.'");
      skip_digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      is_integer = false;
      ++at_;
      if (!accept('+')) accept('-');
      if (!is_digit(peek())) return wrong("expected a digit in the exponent");
      skip_digits();
    }
    return emit_number(start, is_integer);
  }

  Status emit_number(size_t start, bool is_integer) {
    const std::string_view spelled = text_.substr(start, at_ - start);
    if (is_integer) {
      // "-0" must stay a floating-point zero to keep its sign.
      if (const auto value = parse_int64(spelled); value && spelled != "-0")
        return handler_.scalar(*value, start);
      uint64_t value = 0;
      const char* end = spelled.data() + spelled.size();
      const auto result = std::from_chars(spelled.data(), end, value);
      if (result.ec == std::errc() && result.ptr == end) return handler_.scalar(value, start);
    }
    if (const auto value = parse_double(spelled)) return handler_.scalar(*value, start);
    return wrong_at(start, fmt::format("the number {} is too large", in_quotes(spelled, 40)));
  }

  /// The string that starts at the double quote here.
  Result<std::string> string() {
    const size_t start = at_++;
    std::string out;
    while (true) {
      const size_t special = text_.find_first_of(kSpecial, at_);
      if (special == text_.npos) return wrong_at(start, "this string has no end");
      out.append(text_, at_, special - at_);
      at_ = special;
      if (accept('"')) return out;
      if (!accept('\\')) {
        return wrong(fmt::format("a control character (0x{:02X}) inside a string",
                                 static_cast<uint8_t>(peek())),
                     "write it as an escape: \\n, \\t or \\u00XX");
      }
      EDGETRAN_TRY(escape(out));
    }
  }

  /// The escape whose backslash has been read.
  Status escape(std::string& out) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const size_t start = at_ - 1;
    if (accept('u')) return unicode_escape(out, start);
    const size_t index = at_ < text_.size() ? kNames.find(text_[at_]) : kNames.npos;
    if (index == kNames.npos) return wrong_at(start, "unknown escape in a string");
    out += kMeanings[index];
    ++at_;
    return {};
  }

  Status unicode_escape(std::string& out, size_t start) {
    std::optional<uint32_t> code = hex4();
    if (code && *code >= 0xD800 && *code < 0xDC00) {  // the first half of a pair
      const uint32_t high = *code;
      code = accept('\\') && accept('u') ? hex4() : std::nullopt;
      if (code && (*code < 0xDC00 || *code > 0xDFFF)) code.reset();
      if (code) code = 0x10000 + ((high - 0xD800) << 10) + (*code - 0xDC00);
    } else if (code && *code >= 0xDC00 && *code < 0xE000) {
      code.reset();
    }
    if (!code) return wrong_at(start, "this \\u escape is not a character");
    append_utf8(out, *code);
    return {};
  }

  std::optional<uint32_t> hex4() {
    if (text_.size() - at_ < 4) return std::nullopt;
    uint32_t code = 0;
    const char* first = text_.data() + at_;
    const auto result = std::from_chars(first, first + 4, code, 16);
    if (result.ec != std::errc() || result.ptr != first + 4) return std::nullopt;
    at_ += 4;
    return code;
  }

  // What ends a run of plain characters: the quote, the backslash, and the control characters.
  static constexpr char kSpecialBytes[] =
      "\"\\\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F"
      "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1A\x1B\x1C\x1D\x1E\x1F";
  static constexpr std::string_view kSpecial{kSpecialBytes, sizeof kSpecialBytes - 1};

  std::string_view text_, name_;
  DocumentHandler& handler_;
  size_t at_ = 0;
};

}  // namespace

Status scan_json(std::string_view text, std::string_view name, DocumentHandler& handler) {
  return Scanner(text, name, handler).run();
}

}  // namespace edgetran::base
