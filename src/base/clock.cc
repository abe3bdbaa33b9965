#include "base/clock.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

namespace edgetran::base {
namespace {

double read_clock(clockid_t id) {
  timespec time{};
  clock_gettime(id, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

double SystemClock::now_s() const { return read_clock(CLOCK_MONOTONIC); }

double SystemClock::unix_time_s() const { return read_clock(CLOCK_REALTIME); }

void SystemClock::sleep_until(double deadline_s) {
  // A day at a time: a deadline beyond time_t's range must not overflow.
  constexpr double kLongestSleep_s = 86400;
  for (double now = now_s(); now < deadline_s; now = now_s()) {
    const double target = std::fmin(deadline_s, now + kLongestSleep_s);
    const double whole = std::floor(target);
    timespec time{};
    time.tv_sec = static_cast<time_t>(whole);
    time.tv_nsec = std::min(999'999'999L, static_cast<long>(std::ceil((target - whole) * 1e9)));
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr);
  }
}

void ManualClock::sleep_until(double deadline_s) {
  double now = now_s_.load();
  while (deadline_s > now && !now_s_.compare_exchange_weak(now, deadline_s)) {
  }
}

std::string iso_time(double unix_time_s) {
  constexpr double kYear9999_s = 253402300799.0;
  const bool representable = unix_time_s >= 0 && unix_time_s <= kYear9999_s;
  const auto seconds = static_cast<time_t>(representable ? std::floor(unix_time_s) : 0);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace edgetran::base
