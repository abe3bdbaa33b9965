#include "service/campaign/machine_turns.h"

namespace edgetran::service {

void MachineTurns::begin() {
  if (!needed_) return;
  std::unique_lock<std::mutex> lock(mutex_);
  const uint64_t ticket = next_ticket_++;
  changed_.wait(lock, [&] { return serving_ == ticket; });
}

void MachineTurns::end() {
  if (!needed_) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  ++serving_;
  changed_.notify_all();
}

}  // namespace edgetran::service
