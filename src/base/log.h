#pragma once

#include <memory>
#include <string_view>

namespace edgetran::base {

enum class LogLevel { kOff, kError, kWarning, kInfo, kDebug };

/// Diagnostic lines of a program on stderr: "2026-01-31 12:00:00.123 worker[4711] info: text". For
/// the mains of programs: libraries report through an EventSink and never log. Thread-safe.
class Logger {
 public:
  /// `program` stands in each line. Off by default.
  explicit Logger(std::string_view program, LogLevel level = LogLevel::kOff);
  Logger(Logger&&) noexcept;
  Logger& operator=(Logger&&) noexcept;
  ~Logger();

  bool enabled(LogLevel level) const;
  /// Writes nothing above the logger's level. Control characters in `text` are made visible.
  void write(LogLevel level, std::string_view text);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace edgetran::base
