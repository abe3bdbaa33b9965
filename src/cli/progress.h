#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>

#include "base/event.h"

namespace edgetran::cli {

/// "training  42 %, step 120, loss 2.310, 34 000 tokens/s, 12 s left" of a trainer's "progress";
/// `title` in the fields stands for "training".
std::string training_status(const base::Json& fields);
/// The same of its "evaluated" (of a step while training goes on) and "rollback".
std::string evaluation_text(const base::Json& fields);
std::string rollback_text(const base::Json& fields);

/// Shows events on stderr: on a terminal a status line that is rewritten, otherwise one line an
/// event that matters - of training, one each tenth of the work. "message" events, evaluations
/// while training and rollbacks are lines in both. Thread-safe.
class ProgressPrinter final : public base::EventSink {
 public:
  /// `quiet` shows nothing but warnings.
  explicit ProgressPrinter(bool quiet);
  /// For tests: as on a terminal or not, to any stream that outlives it.
  ProgressPrinter(bool quiet, bool terminal, std::FILE* stream);
  ~ProgressPrinter() override;
  void emit(const base::Event& event) override;

 private:
  void clear_status();
  void line(const std::string& text);
  void show_training(const base::Json& fields);
  void warn(const base::Event& event);
  std::mutex mutex_;
  std::map<std::string, int> warned_;  ///< how often a warning's text came
  bool quiet_;
  bool terminal_;
  std::FILE* stream_;
  int64_t tenths_shown_ = 0;  ///< of the training that runs
  bool status_shown_ = false;
};

}  // namespace edgetran::cli
