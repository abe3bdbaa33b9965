#pragma once

#include <atomic>
#include <string>

namespace edgetran::base {

/// Time as a dependency. Implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Seconds on a monotonic scale with an arbitrary origin; never goes backwards.
  virtual double now_s() const = 0;
  /// Seconds since 1970 UTC, for records only.
  virtual double unix_time_s() const = 0;
  /// Returns at or after `deadline_s` on the monotonic scale.
  virtual void sleep_until(double deadline_s) = 0;
};

/// The system's clocks (CLOCK_MONOTONIC, CLOCK_REALTIME).
class SystemClock final : public Clock {
 public:
  double now_s() const override;
  double unix_time_s() const override;
  void sleep_until(double deadline_s) override;
};

/// A clock that moves only when told to; sleeping advances it. For tests and simulated devices.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(double start_s = 0, double unix_start_s = 1.6e9)
      : now_s_(start_s), unix_offset_s_(unix_start_s - start_s) {}
  double now_s() const override { return now_s_; }
  double unix_time_s() const override { return now_s_ + unix_offset_s_; }
  void sleep_until(double deadline_s) override;
  void advance(double seconds) { now_s_.fetch_add(seconds); }

 private:
  std::atomic<double> now_s_;
  double unix_offset_s_;
};

/// "2026-01-31T12:00:00Z" of seconds since 1970, rounded down; outside 1970..9999: the epoch.
std::string iso_time(double unix_time_s);

}  // namespace edgetran::base
