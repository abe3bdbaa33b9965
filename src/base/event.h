#pragma once

#include <string>

#include "base/json.h"

namespace edgetran::base {

/// Something that happened during work: "progress", "trial_finished", ... with its fields.
struct Event {
  std::string name;
  Json fields;
};

/// Where libraries report what happens; only the command line prints. emit() must not throw and
/// may be called from any thread.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void emit(const Event& event) = 0;
};

/// Drops everything.
class NullSink final : public EventSink {
 public:
  void emit(const Event&) override {}
};

}  // namespace edgetran::base
