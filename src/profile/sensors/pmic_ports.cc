#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "base/clock.h"
#include "base/process.h"
#include "base/system_error.h"
#include "profile/sensors/rpi5_pmic.h"

namespace edgetran::profile::sensors {
namespace {

using base::ErrorCategory;
using base::fail;

// The property interface (raspberrypi/firmware wiki, "Mailbox property interface"): size and state
// of the message, then one tag with its identity, its buffer's size and its own length, then 0. The
// tag GET_GENCMD_RESULT begins with an error number, followed by the command and later the answer.
constexpr uint32_t kGencmdResult = 0x00030080;
constexpr uint32_t kAnswered = 0x80000000;
constexpr std::string_view kCommand = "pmic_read_adc";
constexpr size_t kStateWord = 1;
constexpr size_t kErrorWord = 5;
constexpr size_t kTextWord = 6;
constexpr size_t kWords = kTextWord + kPmicAnswerBytes / sizeof(uint32_t) + 1;

class MailboxPort final : public PmicPort {
 public:
  explicit MailboxPort(VcioExchange exchange) : exchange_(std::move(exchange)) {}

  base::Result<std::string_view> read() override {
    message_.fill(0);
    message_[0] = sizeof(message_);
    message_[2] = kGencmdResult;
    message_[3] = kPmicAnswerBytes;
    std::memcpy(&message_[kTextWord], kCommand.data(), kCommand.size());
    if (const int code = exchange_(message_); code != 0) {
      base::Error error =
          base::system_error("the firmware does not answer through", "/dev/vcio", code);
      if (error.category != ErrorCategory::kPermission) error.category = ErrorCategory::kDevice;
      return fail(std::move(error));
    }
    const char* text = reinterpret_cast<const char*>(&message_[kTextWord]);
    const std::string_view answer(text, ::strnlen(text, kPmicAnswerBytes));
    if (message_[kStateWord] != kAnswered || message_[kErrorWord] != 0) {
      return fail(ErrorCategory::kDevice,
                  fmt::format("the firmware refuses pmic_read_adc: state 0x{:08x}, error {}",
                              message_[kStateWord], message_[kErrorWord]),
                  "update the firmware: sudo rpi-eeprom-update -a");
    }
    return answer;
  }

 private:
  VcioExchange exchange_;
  std::array<uint32_t, kWords> message_{};
};

/// Generous: vcgencmd takes about five milliseconds; on a board under full load, some tens.
constexpr double kProgramTimeout_s = 1.0;

class ProgramPort final : public PmicPort {
 public:
  explicit ProgramPort(std::vector<std::string> arguments) {
    options_.arguments = std::move(arguments);
    options_.pipe_stdin = false;
    options_.stderr_file = "/dev/null";
  }

  base::Result<std::string_view> read() override {
    const double deadline_s = clock_.now_s() + kProgramTimeout_s;
    EDGETRAN_ASSIGN(base::ChildProcess child, base::ChildProcess::spawn(options_));
    EDGETRAN_ASSIGN(const size_t size, read_to_end(child.stdout_descriptor(), deadline_s));
    const auto status = child.wait(std::max(0.0, deadline_s - clock_.now_s()));
    if (!status) return fail(timed_out());
    if (!status->success()) {
      return fail(ErrorCategory::kDevice,
                  fmt::format("{} pmic_read_adc {}", options_.arguments[0], status->describe()),
                  "run it by hand to see why; it needs a Raspberry Pi 5 and the group video");
    }
    return std::string_view(buffer_.data(), size);
  }

 private:
  base::Result<size_t> read_to_end(int descriptor, double deadline_s) {
    size_t size = 0;
    while (true) {
      const double left_s = deadline_s - clock_.now_s();
      pollfd waited{descriptor, POLLIN, 0};
      if (left_s <= 0) return fail(timed_out());
      if (::poll(&waited, 1, static_cast<int>(std::ceil(left_s * 1e3))) <= 0) continue;
      const ssize_t count = ::read(descriptor, buffer_.data() + size, buffer_.size() - size);
      if (count == 0) return size;
      if (count < 0 && errno != EINTR)
        return fail(base::system_error("cannot read from", options_.arguments[0], errno));
      size += static_cast<size_t>(std::max<ssize_t>(count, 0));
      if (size == buffer_.size()) {
        return fail(ErrorCategory::kDevice,
                    fmt::format("{} wrote more than {} bytes; that is no list of rails",
                                options_.arguments[0], kPmicAnswerBytes));
      }
    }
  }

  base::Error timed_out() const {
    return {ErrorCategory::kDevice,
            fmt::format("{} did not end within {} s", options_.arguments[0], kProgramTimeout_s),
            ""};
  }

  base::ProcessOptions options_;
  base::SystemClock clock_;
  std::array<char, kPmicAnswerBytes + 1> buffer_{};
};

}  // namespace

std::unique_ptr<PmicPort> make_mailbox_port(VcioExchange exchange) {
  return std::make_unique<MailboxPort>(std::move(exchange));
}

std::unique_ptr<PmicPort> make_program_port(std::vector<std::string> arguments) {
  return std::make_unique<ProgramPort>(std::move(arguments));
}

}  // namespace edgetran::profile::sensors
