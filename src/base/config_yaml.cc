#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

#include "base/config_document.h"
#include "base/numbers.h"
#include "base/source_text.h"
#include "base/text.h"

namespace edgetran::base {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Carries an error of ours through the parser; caught in read_yaml.
struct Refusal {
  Error error;
};

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool all_in(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == text.npos;
}

/// 0o17 and 0xFF of the core schema.
std::optional<Json> radix_integer(std::string_view text) {
  const int radix = text.starts_with("0o") ? 8 : text.starts_with("0x") ? 16 : 0;
  if (radix == 0) return std::nullopt;
  text.remove_prefix(2);
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value, radix);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value <= INT64_MAX ? Json(static_cast<int64_t>(value)) : Json(value);
}

/// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool looks_like_number(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const size_t e = text.find_first_of("eE");
  if (e != text.npos) {
    std::string_view exponent = text.substr(e + 1);
    if (exponent.starts_with('-') || exponent.starts_with('+')) exponent.remove_prefix(1);
    if (!all_in(exponent, kDigits)) return false;
    text = text.substr(0, e);
  }
  const size_t point = text.find('.');
  if (point == text.npos) return all_in(text, kDigits);
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = text.substr(point + 1);
  if (whole.empty()) return all_in(fraction, kDigits);
  return all_in(whole, kDigits) && (fraction.empty() || all_in(fraction, kDigits));
}

/// The value of a plain scalar by the core schema of YAML 1.2 (section 10.3.2); nullopt for a
/// number that no double holds.
std::optional<Json> typed_scalar(const std::string& text) {
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return Json(nullptr);
  if (is_one_of(text, {"true", "True", "TRUE"})) return Json(true);
  if (is_one_of(text, {"false", "False", "FALSE"})) return Json(false);
  if (auto integer = radix_integer(text)) return integer;
  if (is_one_of(text, {".nan", ".NaN", ".NAN"}))
    return Json(std::numeric_limits<double>::quiet_NaN());
  const bool negative = text.starts_with('-');
  const std::string_view magnitude = std::string_view(text).substr(negative ? 1 : 0);
  if (is_one_of(magnitude, {".inf", ".Inf", ".INF"})) {
    const double infinity = std::numeric_limits<double>::infinity();
    return Json(negative ? -infinity : infinity);
  }
  if (!looks_like_number(text)) return Json(text);
  if (const auto integer = parse_int64(text)) return Json(*integer);
  const auto number = parse_double(text);
  if (!number) return std::nullopt;
  return Json(*number);
}

/// A complaint of the parser in words that say what to do.
struct Wording {
  std::string_view parser, ours, hint;
};

constexpr std::array kWordings = {
    Wording{"illegal map value", "a 'key: value' cannot stand here",
            "check the indentation; put text that holds ': ' in quotes"},
    Wording{"end of map not found", "this line fits neither the map above nor its parents",
            "check the indentation"},
    Wording{"end of sequence not found", "this line fits neither the list above nor its parents",
            "check the indentation"},
    Wording{"end of map flow not found", "a map that begins with { is not closed", "add the }"},
    Wording{"end of sequence flow not found", "a list that begins with [ is not closed",
            "add the ]"},
    Wording{"illegal flow end", "a closing bracket without its opening one", ""},
    Wording{"illegal EOF in scalar", "a quoted string has no end", "add the closing quote"},
    Wording{"unknown token", "this character cannot start a value", "put the value in quotes"},
    Wording{"the referenced anchor is not defined", "aliases (*name) are not supported",
            "write the value out"},
};

/// Whether the quoted string that starts at `offset` is closed; true for other scalars.
bool has_closing_quote(std::string_view text, size_t offset) {
  const char quote = offset < text.size() ? text[offset] : '\0';
  if (quote != '\'' && quote != '"') return true;
  for (size_t i = offset + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 >= text.size() || text[i + 1] != quote) return true;
      ++i;  // '' is one quote inside the string
    }
  }
  return false;
}

/// Turns the parser's events into parts of the document and refuses what our subset leaves out.
class YamlHandler final : public YAML::EventHandler {
 public:
  YamlHandler(ConfigDocument& document, size_t skipped)
      : document_(document), builder_(document), skipped_(skipped) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) refuse(mark, "a second document; a file holds one");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    if (builder_.expects_key())
      refuse(mark, "expected a key", "put a key that reads null in quotes");
    // An empty value is reported where the next token is; its key is the better place.
    pass(builder_.scalar(nullptr, builder_.pending_key_offset().value_or(offset(mark))));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "aliases (*name) are not supported", "write the value out");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    const bool is_quoted = tag == "!";
    if (!is_quoted || byte_at(mark) == '!') refuse_tag(mark, tag);
    // The parser takes a string that the end of the file cuts off for a whole one.
    if (is_quoted && !has_closing_quote(document_.text, offset(mark)))
      refuse(mark, "a quoted string has no end", "add the closing quote");
    if (builder_.expects_key()) {
      pass(builder_.key(value, offset(mark)));
    } else if (is_quoted) {
      pass(builder_.scalar(value, offset(mark)));
    } else {
      auto typed = typed_scalar(value);
      if (!typed) refuse(mark, fmt::format("the number {} is too large", in_quotes(value, 40)));
      pass(builder_.scalar(std::move(*typed), offset(mark)));
    }
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse_collection(mark, tag, anchor);
    pass(builder_.begin_list(offset(mark)));
  }
  void OnSequenceEnd() override { pass(builder_.end()); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse_collection(mark, tag, anchor);
    pass(builder_.begin_map(offset(mark)));
  }
  void OnMapEnd() override { pass(builder_.end()); }

  Error error(const YAML::Mark& mark, std::string_view message, std::string_view hint) const {
    if (mark.is_null()) {
      return {ErrorCategory::kUsage, fmt::format("{}: {}", document_.name, message),
              std::string(hint)};
    }
    return source_error(document_.text, document_.name, offset(mark), message, hint);
  }

  [[noreturn]] void refuse(const YAML::Mark& mark, std::string_view message,
                           std::string_view hint = {}) const {
    throw Refusal{error(mark, message, hint)};
  }

 private:
  size_t offset(const YAML::Mark& mark) const {
    return std::min(document_.text.size(), skipped_ + static_cast<size_t>(std::max(mark.pos, 0)));
  }
  char byte_at(const YAML::Mark& mark) const {
    const size_t at = offset(mark);
    return at < document_.text.size() ? document_.text[at] : '\0';
  }
  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) const {
    if (anchor != 0)
      refuse(mark, "anchors (&name) are not supported", "write the value where it is used");
  }
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (tag != "?" && !tag.empty())
      refuse(mark, "tags (!name) are not supported", "put a string in quotes instead");
  }
  void refuse_collection(const YAML::Mark& mark, const std::string& tag,
                         YAML::anchor_t anchor) const {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (builder_.expects_key()) refuse(mark, "a key must be a single word, not a list or a map");
  }
  static void pass(Status status) {
    if (!status) throw Refusal{std::move(status).error()};
  }

  ConfigDocument& document_;
  ConfigBuilder builder_;
  size_t skipped_;  // bytes of a byte-order mark before the parser's first
  int documents_ = 0;
};

/// Tabs in indentation, and characters that YAML does not allow (section 5.1).
Status check_characters(std::string_view text, std::string_view name) {
  bool indenting = true;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool line_end = c == '\n' || (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n');
    if (c == '\t' && indenting)
      return fail(source_error(text, name, i, "a tab in the indentation", "indent with spaces"));
    if ((c < 0x20 && c != '\t' && !line_end) || c == 0x7F) {
      return fail(source_error(text, name, i,
                               fmt::format("a control character (0x{:02X}) is not allowed", c)));
    }
    indenting = c == '\n' || (indenting && c == ' ');
  }
  return {};
}

}  // namespace

Status read_yaml(ConfigDocument& document) {
  EDGETRAN_TRY(check_characters(document.text, document.name));
  const size_t skipped = document.text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  YamlHandler handler(document, skipped);
  try {
    std::istringstream stream(document.text.substr(skipped));
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(handler)) {
    }
    if (document.nodes.empty()) document.nodes.emplace_back();  // an empty file is null
    return {};
  } catch (Refusal& refusal) {
    return fail(std::move(refusal.error));
  } catch (const YAML::Exception& exception) {
    for (const Wording& wording : kWordings) {
      if (wording.parser == exception.msg)
        return fail(handler.error(exception.mark, wording.ours, wording.hint));
    }
    return fail(handler.error(exception.mark, exception.msg, {}));
  }
}

}  // namespace edgetran::base
