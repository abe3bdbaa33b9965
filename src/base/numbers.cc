#include "base/numbers.h"

#include <array>
#include <charconv>
#include <cmath>
#include <locale>
#include <sstream>

namespace edgetran::base {
namespace {

/// from_chars takes no plus sign; "+-1" stays wrong.
std::string_view without_plus(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  return text;
}

/// from_chars does not say whether a number was too large or too small; a stream does.
std::optional<double> parse_extreme(std::string_view text) {
  std::istringstream stream{std::string(text)};
  stream.imbue(std::locale::classic());
  double value = 0;
  stream >> value;
  if (stream.fail()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<int64_t> parse_int64(std::string_view text) {
  text = without_plus(text);
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<double> parse_double(std::string_view text) {
  text = without_plus(text);
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (stop != end) return std::nullopt;
  if (code == std::errc::result_out_of_range) return parse_extreme(text);
  if (code != std::errc() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string shortest_decimal(double value) {
  std::array<char, 32> buffer;
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), result.ptr};
}

}  // namespace edgetran::base
