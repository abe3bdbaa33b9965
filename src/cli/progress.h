#pragma once

#include <mutex>
#include <string>

#include "base/event.h"

namespace edgetran::cli {

/// Shows events on stderr: on a terminal a status line that is rewritten, otherwise one line an
/// event that matters. "message" events are lines in both. Thread-safe.
class ProgressPrinter final : public base::EventSink {
 public:
  /// `quiet` shows nothing but warnings.
  explicit ProgressPrinter(bool quiet);
  ~ProgressPrinter() override;
  void emit(const base::Event& event) override;

 private:
  void clear_status();
  void line(const std::string& text);
  std::mutex mutex_;
  bool quiet_;
  bool terminal_;
  bool status_shown_ = false;
};

}  // namespace edgetran::cli
