#include "base/units.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string_view>

namespace edgetran::base {
namespace {

/// `value` with three significant digits, never in scientific notation; value in [1, 1000).
std::string three_digits(double value) {
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f}", value, decimals);
}

struct Unit {
  double scale;
  std::string_view name;
};

/// Minutes and more, in whole seconds.
std::string long_time(double seconds) {
  constexpr double kLargest_s = 1e15;
  const auto total = static_cast<int64_t>(std::llround(std::fmin(seconds, kLargest_s)));
  if (total < 3600) return fmt::format("{} min {:02} s", total / 60, total % 60);
  return fmt::format("{} h {:02} min", total / 3600, total % 3600 / 60);
}

}  // namespace

std::string format_seconds(double seconds) {
  if (std::isnan(seconds)) return "?";
  if (seconds < 0) return "-" + format_seconds(-seconds);
  if (std::isinf(seconds)) return "never";
  if (seconds == 0) return "0 s";
  if (seconds >= 59.95) return long_time(seconds);
  constexpr std::array kUnits = {Unit{1, "s"}, Unit{1e-3, "ms"}, Unit{1e-6, "µs"}};
  for (const Unit& unit : kUnits) {
    // 0.9995 of a unit rounds up to one of it.
    if (seconds >= 0.9995 * unit.scale)
      return fmt::format("{} {}", three_digits(seconds / unit.scale), unit.name);
  }
  return fmt::format("{:.3g} ns", seconds * 1e9);
}

std::string format_bytes(double bytes) {
  if (std::isnan(bytes)) return "?";
  if (bytes < 0) return "-" + format_bytes(-bytes);
  constexpr std::array<std::string_view, 5> kNames = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1023.5) return fmt::format("{:.0f} B", bytes);
  size_t unit = 0;
  double value = bytes / 1024;
  for (; value >= 1023.5 && unit + 1 < kNames.size(); ++unit) value /= 1024;
  return fmt::format("{} {}", three_digits(value), kNames[unit]);
}

std::string format_count(int64_t count) {
  std::string digits = std::to_string(count);
  const size_t first = count < 0 ? 1 : 0;
  for (size_t i = digits.size(); i > first + 3; i -= 3) digits.insert(i - 3, 1, ' ');
  return digits;
}

std::string format_percent(double share) {
  return std::isnan(share) ? "?" : fmt::format("{:.1f} %", share * 100);
}

}  // namespace edgetran::base
