#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "profile/sensors/driver.h"

namespace edgetran::profile::sensors {

/// What the firmware of a Raspberry Pi 5 says of its power management chip: volts and amperes of
/// each rail.
struct PmicSums {
  double watts = 0;  ///< of all rails whose volts and amperes are both told
  size_t rails = 0;  ///< how many those are
};

/// Sums the text of `pmic_read_adc`; allocates nothing where it succeeds. Both forms are read:
///
///     VDD_CORE_A current(7)=0.56259000A        VDD_CORE_A=0.56259000A
///     VDD_CORE_V volt(15)=0.76798460V          VDD_CORE_V=0.7680V
///
/// Rails of which only one is told (EXT5V_V, BATT_V) are no power and do not count. kDevice: a line
/// that is neither, a rail told twice, none complete.
base::Result<PmicSums> sum_pmic_rails(std::string_view text);

/// The largest answer of the firmware, in bytes (raspberrypi/userland, vcgencmd).
inline constexpr size_t kPmicAnswerBytes = 4096;

/// Sends a property message to the firmware and receives its answer in place; the result is 0 or an
/// errno value. The system's is ioctl on /dev/vcio.
using VcioExchange = std::function<int(std::span<uint32_t>)>;

/// One way to the text of `pmic_read_adc`.
class PmicPort {
 public:
  virtual ~PmicPort() = default;
  /// Valid until the next call. kDevice, kPermission.
  virtual base::Result<std::string_view> read() = 0;
};

/// Through the firmware's mailbox, some hundred microseconds a call; allocates nothing.
std::unique_ptr<PmicPort> make_mailbox_port(VcioExchange exchange);

/// Through a program that prints the text: milliseconds, and a process each time. It is stopped
/// after a second, and more than kPmicAnswerBytes are refused.
std::unique_ptr<PmicPort> make_program_port(std::vector<std::string> arguments);

/// What stands in for the system in tests; empty parts are the system's.
struct PmicHooks {
  VcioExchange exchange{};             ///< in place of ioctl on /dev/vcio
  std::vector<std::string> program{};  ///< in place of {"vcgencmd", "pmic_read_adc"}
};

FoundSensors find_rpi5_pmic(const SensorHost& host, const PmicHooks& hooks);

}  // namespace edgetran::profile::sensors
