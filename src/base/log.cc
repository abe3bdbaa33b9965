#include "base/log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/text.h"

namespace edgetran::base {
namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::kOff:
      break;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kDebug:
      return spdlog::level::debug;
  }
  return spdlog::level::off;
}

}  // namespace

struct Logger::Impl {
  LogLevel level;
  spdlog::logger logger;
};

Logger::Logger(std::string_view program, LogLevel level)
    : impl_(new Impl{level, spdlog::logger(std::string(program),
                                           std::make_shared<spdlog::sinks::stderr_sink_mt>())}) {
  impl_->logger.set_level(spdlog_level(level));
  impl_->logger.set_pattern("%Y-%m-%d %H:%M:%S.%e %n[%P] %l: %v");
  impl_->logger.flush_on(spdlog::level::debug);
}
Logger::Logger(Logger&&) noexcept = default;
Logger& Logger::operator=(Logger&&) noexcept = default;
Logger::~Logger() = default;

bool Logger::enabled(LogLevel level) const {
  return level != LogLevel::kOff && level <= impl_->level;
}

void Logger::write(LogLevel level, std::string_view text) {
  if (enabled(level)) impl_->logger.log(spdlog_level(level), "{}", printable(text));
}

}  // namespace edgetran::base
