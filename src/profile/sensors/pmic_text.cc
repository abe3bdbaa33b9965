#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/numbers.h"
#include "base/text.h"
#include "profile/sensors/rpi5_pmic.h"

namespace edgetran::profile::sensors {
namespace {

using base::ErrorCategory;
using base::fail;

constexpr double kUntold = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kMostRails = 64;  // a Pi 5 tells fourteen

struct Rail {
  std::string_view name;
  double volts = kUntold;
  double amperes = kUntold;
};

struct Line {
  std::string_view rail;  ///< without _A or _V
  bool is_current = false;
  double value = 0;
};

base::Error unreadable(std::string_view line) {
  return {ErrorCategory::kDevice,
          fmt::format("pmic_read_adc says {}; a line such as \"VDD_CORE_V volt(15)=0.76V\" was "
                      "expected",
                      base::in_quotes(line)),
          "this firmware answers in another form; report the text with the firmware's version"};
}

/// The unit says what a line tells; the name's ending and the word before the index only repeat it.
base::Result<Line> parse_line(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) return fail(unreadable(text));
  std::string_view name = base::trim(text.substr(0, equals));
  std::string_view value = base::trim(text.substr(equals + 1));
  name = name.substr(0, name.find_first_of(" \t("));
  if (value.empty() || (value.back() != 'A' && value.back() != 'V')) return fail(unreadable(text));
  Line line;
  line.is_current = value.back() == 'A';
  value.remove_suffix(1);
  const auto number = base::parse_double(base::trim(value));
  if (!number) return fail(unreadable(text));
  line.value = *number;
  if (name.ends_with("_A") || name.ends_with("_V")) name.remove_suffix(2);
  if (name.empty()) return fail(unreadable(text));
  line.rail = name;
  return line;
}

}  // namespace

base::Result<PmicSums> sum_pmic_rails(std::string_view text) {
  std::array<Rail, kMostRails> rails{};
  size_t count = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view raw = base::trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (raw.empty()) continue;
    EDGETRAN_ASSIGN(const Line line, parse_line(raw));
    Rail* const begin = rails.data();
    Rail* rail = std::find_if(begin, begin + count,
                              [&](const Rail& known) { return known.name == line.rail; });
    if (rail == begin + count) {
      if (count == kMostRails)
        return fail(ErrorCategory::kDevice, fmt::format("more than {} rails", kMostRails));
      rail->name = line.rail;
      ++count;
    }
    double& told = line.is_current ? rail->amperes : rail->volts;
    if (!std::isnan(told)) {
      return fail(ErrorCategory::kDevice,
                  fmt::format("pmic_read_adc tells {} twice", base::in_quotes(raw)));
    }
    told = line.value;
  }
  PmicSums sums;
  for (size_t i = 0; i < count; ++i) {
    const double watts = rails[i].volts * rails[i].amperes;
    if (std::isnan(watts)) continue;
    sums.watts += watts;
    ++sums.rails;
  }
  if (sums.rails == 0 || !std::isfinite(sums.watts)) {
    return fail(ErrorCategory::kDevice,
                "pmic_read_adc tells no rail with both volts and amperes that are a power");
  }
  return sums;
}

}  // namespace edgetran::profile::sensors
