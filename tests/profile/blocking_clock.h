#pragma once

#include <condition_variable>
#include <map>
#include <mutex>

#include "base/clock.h"

namespace edgetran::profile {

/// A clock whose sleepers wait until a test moves it past their deadline.
class BlockingClock final : public base::Clock {
 public:
  double now_s() const override {
    const std::lock_guard lock(mutex_);
    return now_s_;
  }
  double unix_time_s() const override { return 1.6e9 + now_s(); }
  void sleep_until(double deadline_s) override {
    std::unique_lock lock(mutex_);
    const auto mine = deadlines_.emplace(deadline_s, 0);
    changed_.notify_all();
    changed_.wait(lock, [&] { return now_s_ >= deadline_s; });
    deadlines_.erase(mine);
  }

  /// Returns when somebody sleeps for a moment to come: all work due until now is done.
  void await_sleeper() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !deadlines_.empty() && deadlines_.begin()->first > now_s_; });
  }
  /// Moves the clock once the sleeper sleeps, and returns when it sleeps again.
  void advance_to(double time_s) {
    await_sleeper();
    set(time_s);
    await_sleeper();
  }
  void set(double time_s) {
    const std::lock_guard lock(mutex_);
    now_s_ = time_s;
    changed_.notify_all();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<double, int> deadlines_;
  double now_s_ = 0;
};

}  // namespace edgetran::profile
