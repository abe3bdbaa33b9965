#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace edgetran::service {

/// Turns at this machine's processors, first come, first served: what one board's thread does here
/// (export, a simulated board's arithmetic) must not run while another measures this machine.
/// Thread-safe.
class MachineTurns {
 public:
  /// `needed` false: nobody measures this machine, and everyone always has a turn.
  explicit MachineTurns(bool needed) : needed_(needed) {}

  /// Has the turn while it lives; to be destroyed before the MachineTurns.
  class Turn {
   public:
    explicit Turn(MachineTurns& turns) : turns_(turns) { turns_.begin(); }
    ~Turn() { turns_.end(); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    MachineTurns& turns_;
  };

 private:
  void begin();
  void end();

  const bool needed_;
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t next_ticket_ = 0;
  uint64_t serving_ = 0;
};

}  // namespace edgetran::service
