#include "meter.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "profile/power_recorder.h"
#include "profile/power_trace_csv.h"
#include "profile/sensors/find_sensors.h"

namespace {

using edgetran::base::ErrorCategory;
using edgetran::base::Status;

/// How often new values are written.
constexpr int kWriteMs = 200;

Status write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      return edgetran::base::fail(ErrorCategory::kResource, "nobody takes the sensor's values");
    }
    text.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

/// Waits for at most kWriteMs; whether standard input has ended.
bool input_ended() {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  if (::poll(&input, 1, kWriteMs) <= 0) return false;
  std::array<char, 256> ignored;
  return ::read(STDIN_FILENO, ignored.data(), ignored.size()) <= 0;
}

Status read_to_the_end(const std::string& declaration) {
  namespace profile = edgetran::profile;
  EDGETRAN_ASSIGN(const auto sensor, profile::sensors::declared_sensor({}, declaration));
  edgetran::base::SystemClock clock;
  const auto recorder = profile::recorder_of(*sensor, clock);
  EDGETRAN_ASSIGN(const auto calibration, recorder->calibrate());
  profile::PowerLog log;
  log.trace.info = recorder->info();
  log.trace.update_s = calibration.update_s;
  EDGETRAN_TRY(write_all(profile::encode_power_trace(log)));
  EDGETRAN_TRY(recorder->start(calibration.update_s));
  for (bool ended = false; !ended;) {
    ended = input_ended();
    log.trace.samples.clear();
    recorder->drain(log.trace);
    EDGETRAN_TRY(write_all(profile::encode_power_rows(log, 0)));
  }
  recorder->stop();
  return {};
}

}  // namespace

int read_sensor(const std::string& declaration) {
  const Status status = read_to_the_end(declaration);
  if (status) return 0;
  const auto& error = status.error();
  const std::string text = error.hint.empty() ? error.message : error.message + "; " + error.hint;
  edgetran::base::Logger("edgetran-agent", edgetran::base::LogLevel::kError)
      .write(edgetran::base::LogLevel::kError, text);
  return edgetran::base::exit_code(error.category);
}
