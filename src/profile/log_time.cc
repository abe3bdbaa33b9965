#include "profile/log_time.h"

#include <charconv>
#include <chrono>
#include <cstdint>

namespace edgetran::profile {
namespace {

constexpr double kMinute_s = 60;
constexpr double kHour_s = 3600;
constexpr double kDay_s = 86400;

/// Reads a text from its beginning; each step says whether it was there.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  /// Exactly `count` digits.
  std::optional<int> digits(size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int value = 0;
    for (const char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }

  bool one_of(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// ".25": the digits after the point, 0 where there is none; nullopt for a point alone.
  std::optional<double> fraction() {
    if (!one_of(".,")) return 0.0;
    double value = 0;
    double place = 1;
    size_t count = 0;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; ++count) {
      place /= 10;
      value += place * (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return count > 0 ? std::optional(value) : std::nullopt;
  }

  bool at_end() const { return rest_.empty(); }
  char front() const { return rest_.front(); }

 private:
  std::string_view rest_;
};

std::optional<double> parse_date(Scanner& text) {
  const auto year = text.digits(4);
  if (!year || !text.one_of("-")) return std::nullopt;
  const auto month = text.digits(2);
  if (!month || !text.one_of("-")) return std::nullopt;
  const auto day = text.digits(2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return static_cast<double>(days) * kDay_s;
}

std::optional<double> parse_time_of_day(Scanner& text) {
  const auto hour = text.digits(2);
  if (!hour || *hour > 23 || !text.one_of(":")) return std::nullopt;
  const auto minute = text.digits(2);
  if (!minute || *minute > 59 || !text.one_of(":")) return std::nullopt;
  const auto second = text.digits(2);
  if (!second || *second > 60) return std::nullopt;  // 60: a leap second
  const auto fraction = text.fraction();
  if (!fraction) return std::nullopt;
  return *hour * kHour_s + *minute * kMinute_s + *second + *fraction;
}

/// Seconds by which the zone is ahead of UTC.
std::optional<double> parse_zone(Scanner& text) {
  if (text.at_end() || text.one_of("Zz")) return 0.0;
  const double sign = text.front() == '-' ? -1 : 1;
  if (!text.one_of("+-")) return std::nullopt;
  const auto hours = text.digits(2);
  if (!hours || *hours > 23) return std::nullopt;
  text.one_of(":");
  const auto minutes = text.digits(2);
  if (!minutes || *minutes > 59) return std::nullopt;
  return sign * (*hours * kHour_s + *minutes * kMinute_s);
}

}  // namespace

std::optional<double> parse_iso_time(std::string_view text) {
  Scanner scanner(text);
  const auto date_s = parse_date(scanner);
  if (!date_s || !scanner.one_of("Tt ")) return std::nullopt;
  const auto time_s = parse_time_of_day(scanner);
  if (!time_s) return std::nullopt;
  const auto zone_s = parse_zone(scanner);
  if (!zone_s || !scanner.at_end()) return std::nullopt;
  return *date_s + *time_s - *zone_s;
}

}  // namespace edgetran::profile
