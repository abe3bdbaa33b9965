#pragma once

#include <cstdint>
#include <optional>

#include "device/agent_transport.h"

namespace edgetran::device {

/// How a board is sought again whose connection broke: after first_s, then twice as long each
/// time up to longest_s. With these figures for a minute in all, the time that a board takes to
/// start again, and that its lease outlives its director.
struct ReconnectPolicy {
  int tries = 8;
  double first_s = 0.5;
  double longest_s = 15;
};

/// What went wrong during one request, and whether going on makes sense.
class Patience {
 public:
  explicit Patience(const ReconnectPolicy& policy) : policy_(policy) {}

  /// Seconds to wait before the next try; nullopt: give up. An agent that breaks off is replaced
  /// once: it may have been killed, or have run out of memory beside another program; twice is the
  /// request's doing. A broken way is tried again `tries` times in a row; `progress` (what the
  /// request has so far, in any unit) starts the count anew.
  std::optional<double> next(TransportEnd::Kind kind, uint64_t progress);

  /// How often it was tried again.
  int retries() const { return retries_; }

 private:
  ReconnectPolicy policy_;
  int agent_ends_ = 0;
  int in_a_row_ = 0;
  int retries_ = 0;
  uint64_t progress_ = 0;
};

}  // namespace edgetran::device
