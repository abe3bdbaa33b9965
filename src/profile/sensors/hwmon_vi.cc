// hwmon-vi: inN_input in millivolts times currN_input in milliamperes, for chips that show no
// power.

#include <fmt/format.h>

#include <algorithm>

#include "base/numbers.h"
#include "profile/sensors/drivers.h"
#include "profile/sensors/hwmon_chip.h"
#include "profile/sensors/jetson_hwmon.h"
#include "profile/sensors/sysfs_value.h"

namespace edgetran::profile::sensors {

namespace {

constexpr std::string_view kName = "hwmon-vi";
constexpr double kWattsPerProduct = 1e-6;  // mV x mA
constexpr double kSecondsPerMillisecond = 1e-3;

/// A shunt's amplifier has an offset, so a rail that is off reads a little below zero as often as a
/// little above: INA3221 up to 80 uV (its data sheet), 16 mA on the smallest usual shunt of 5 mOhm.
/// Down to here a negative current is zero; below, current really flows backwards (a battery being
/// charged, a supply that feeds in, or a shunt the wrong way round), and that is no consumption: it
/// is an error, neither a negative power nor a zero.
constexpr int64_t kOffsetMa = 20;

/// Chips whose currN belongs to inN without a label saying so, up to this N (ina3221.rst; in4 to
/// in7 are its shunts' voltages and curr4 their sum).
struct NumberedChip {
  std::string_view name;
  int channels;
};
constexpr NumberedChip kNumbered{"ina3221", 3};

class ProductSensor final : public Sensor {
 public:
  ProductSensor(SensorInfo info, SysfsNumber voltage, SysfsNumber current)
      : info_(std::move(info)), voltage_(std::move(voltage)), current_(std::move(current)) {}

  const SensorInfo& info() const override { return info_; }

  base::Result<Reading> read() override {
    EDGETRAN_ASSIGN(const int64_t millivolts, voltage_.read());
    EDGETRAN_ASSIGN(const int64_t milliamperes, current_.read());
    if (millivolts < 0) return base::fail(negative(voltage_, millivolts, "mV"));
    if (milliamperes < -kOffsetMa) return base::fail(negative(current_, milliamperes, "mA"));
    const double current = milliamperes < 0 ? 0 : static_cast<double>(milliamperes);
    return Reading{0, static_cast<double>(millivolts) * current * kWattsPerProduct};
  }

 private:
  static base::Error negative(const SysfsNumber& number, int64_t value, std::string_view unit) {
    return {
        base::ErrorCategory::kDevice,
        fmt::format("{} says {} {}: power flows back through this rail, which is no consumption",
                    number.path(), value, unit),
        "a supply that is charged or feeds in, or a shunt connected the wrong way round"};
  }

  SensorInfo info_;
  SysfsNumber voltage_;
  SysfsNumber current_;
};

/// The current that belongs to a voltage: by its label, or by its number where the chip's manual
/// says so. Null: none.
const HwmonChannel* partner(const HwmonChip& chip, const HwmonChannel& voltage,
                            const std::vector<HwmonChannel>& currents) {
  for (const HwmonChannel& current : currents) {
    const std::string number = current.stem.substr(std::string_view("curr").size());
    const bool same_number = voltage.stem == "in" + number;
    const bool numbered = chip.name == kNumbered.name && same_number &&
                          base::parse_int64(number).value_or(0) <= kNumbered.channels;
    // Labels that several channels share pair nothing; a stem standing in for one is no label.
    const bool labelled = current.label != current.stem && current.name == current.label &&
                          voltage.name == voltage.label && voltage.label == current.label;
    if (numbered || labelled) return &current;
  }
  return nullptr;
}

/// currN_max is a limit for an alert that anyone may set; only the rated ones are the hardware's.
std::optional<double> rating(const SensorHost& host, const HwmonChip& chip,
                             const HwmonChannel& voltage, const HwmonChannel& current) {
  const auto volts = optional_number(host, chip.path(voltage.stem + "_rated_max"));
  const auto amperes = optional_number(host, chip.path(current.stem + "_rated_max"));
  if (!volts || !amperes || *volts <= 0 || *amperes <= 0) return std::nullopt;
  return static_cast<double>(*volts) * static_cast<double>(*amperes) * kWattsPerProduct;
}

base::Result<std::unique_ptr<Sensor>> open_pair(const SensorHost& host, const HwmonChip& chip,
                                                const HwmonChannel& current, SensorInfo info) {
  EDGETRAN_ASSIGN(SysfsNumber volts, SysfsNumber::open(host, info.source));
  EDGETRAN_ASSIGN(SysfsNumber amperes, SysfsNumber::open(host, chip.path(current.stem + "_input")));
  return std::make_unique<ProductSensor>(std::move(info), std::move(volts), std::move(amperes));
}

bool shows_power(const SensorHost& host, const HwmonChip& chip) {
  return !hwmon_channels(host, chip, "power", {"_input", "_average"}).empty();
}

FoundSensors find(const SensorHost& host) {
  FoundSensors found;
  const auto jetson_chips = jetson_hwmon_chips(host);
  for (const HwmonChip& chip : hwmon_chips(host)) {
    if (shows_power(host, chip)) continue;
    // The same rails; jetson-hwmon knows which of them contains the others.
    if (chip.name == kNumbered.name &&
        std::find(jetson_chips.begin(), jetson_chips.end(), chip.device) != jetson_chips.end())
      continue;
    const auto currents = hwmon_channels(host, chip, "curr", {"_input"});
    bool complained = false;
    for (const HwmonChannel& voltage : hwmon_channels(host, chip, "in", {"_input"})) {
      const HwmonChannel* current = partner(chip, voltage, currents);
      if (current == nullptr) continue;
      if (!chip.distinct) {
        if (!complained) found.problems.push_back(indistinct_chip(chip, kName));
        complained = true;
        continue;
      }
      SensorInfo info = hwmon_info(host, chip, voltage, kName);
      info.source = chip.path(voltage.stem + "_input");
      info.rating_w = rating(host, chip, voltage, *current);
      // INA3221 averages its samples over one conversion of all channels, which this file gives.
      const auto interval = optional_number(host, chip.path("update_interval"));
      if (chip.name == kNumbered.name && interval && *interval > 0) {
        info.averaging_s = static_cast<double>(*interval) * kSecondsPerMillisecond;
      }
      add_sensor(found, info, open_pair(host, chip, *current, info), kHwmonPermissionFix);
    }
  }
  return found;
}

}  // namespace

const SensorDriver kHwmonVi{
    .name = kName,
    .text = "Voltage times current of chips in hwmon without power readings",
    .find = find};

}  // namespace edgetran::profile::sensors
