#include "profile/lease.h"

#include <utility>

namespace edgetran::profile {

Lease::Lease(base::Clock& clock, std::filesystem::path lock_file)
    : clock_(clock), lock_file_(std::move(lock_file)) {}

base::Status Lease::take(double seconds, bool exclusive) {
  const std::scoped_lock guard(mutex_);
  holds_locked();
  if (exclusive && !lock_ && !lock_file_.empty()) {
    EDGETRAN_ASSIGN(lock_, base::FileLock::acquire(lock_file_));
  }
  if (!exclusive) lock_.reset();
  held_ = true;
  exclusive_ = exclusive;
  seconds_ = seconds;
  until_s_ = clock_.now_s() + seconds;
  return {};
}

base::Status Lease::renew() {
  double seconds = 0;
  bool exclusive = false;
  {
    const std::scoped_lock guard(mutex_);
    seconds = seconds_;
    exclusive = exclusive_;
  }
  if (seconds == 0) {
    return base::fail(base::ErrorCategory::kUsage, "there is no lease to renew",
                      "send \"seconds\" to take one");
  }
  return take(seconds, exclusive);
}

bool Lease::holds() {
  const std::scoped_lock guard(mutex_);
  return holds_locked();
}

bool Lease::exclusive() {
  const std::scoped_lock guard(mutex_);
  return holds_locked() && exclusive_;
}

double Lease::seconds() {
  const std::scoped_lock guard(mutex_);
  return seconds_;
}

double Lease::left_s() {
  const std::scoped_lock guard(mutex_);
  return until_s_ - clock_.now_s();
}

bool Lease::holds_locked() {
  if (held_ && clock_.now_s() > until_s_) {
    held_ = false;
    lock_.reset();
  }
  return held_;
}

}  // namespace edgetran::profile
