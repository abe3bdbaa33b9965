#include "profile/sensors/ina219.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "profile/sensors/drivers.h"

namespace edgetran::profile::sensors {
namespace {

using base::ErrorCategory;
using base::fail;

// Registers and fields: Texas Instruments SBOS448G, tables 2 to 8.
enum Register : uint8_t {
  kConfiguration = 0,
  kShuntVoltage = 1,
  kBusVoltage = 2,
  kPower = 3,
  kCurrent = 4,
  kCalibration = 5
};
constexpr uint16_t kBus32V = 1U << 13;
constexpr int kGainShift = 11;     // PG: shunt range 40 mV x 2^PG
constexpr int kBusAdcShift = 7;    // BADC
constexpr int kShuntAdcShift = 3;  // SADC
constexpr uint16_t kAverage128 = 0xF;
constexpr uint16_t kContinuous = 7;             // MODE: shunt and bus, continuous
constexpr uint16_t kOverflow = 1U << 0;         // OVF of the bus voltage register
constexpr uint16_t kConversionReady = 1U << 1;  // CNVR

constexpr double kSmallestRange_v = 0.040;
constexpr int kRanges = 4;
constexpr double kLargestRange_v = 0.320;
constexpr double kShuntStep_v = 10e-6;
// A shunt voltage beyond the range reads as the range's end, with no flag, and the current that the
// chip makes of it is too small. An average of which some conversions were clipped lies below it.
constexpr double kNearEnd = 0.99;
constexpr int16_t kHighestCurrent = INT16_MAX;
constexpr double kCalibrationConstant = 0.04096;
constexpr double kPowerPerCurrentBit = 20;  // W of a power bit over A of a current bit
constexpr double kCurrentBits = 32768;
constexpr uint16_t kLargestCalibration = 0xFFFE;  // bit 0 is always 0
constexpr double kHighestBus_v = 26;

// 128 samples of the shunt, then 128 of the bus.
constexpr double kAveraging_s = 2 * 0.0681;
// Largest error of the current measurement over temperature (SBOS448G, electrical characteristics).
constexpr double kGainError = 0.005;
constexpr double kConversionPatience_s = 1.0;
constexpr double kConversionPoll_s = 0.01;
// 0.32 / 0.1 need not be 3.2 to the last bit, nor 0.04096 / 2e-6 be 20480.
constexpr double kRounding = 1e-9;
// A current through the shunt in reverse is noise up to this share of the range.
constexpr double kReverseShare = 0.01;

class Ina219 final : public Sensor {
 public:
  Ina219(SensorInfo info, Ina219Settings settings, std::unique_ptr<I2cDevice> device)
      : info_(std::move(info)), settings_(settings), device_(std::move(device)) {}

  const SensorInfo& info() const override { return info_; }

  base::Status start(base::Clock& clock) {
    EDGETRAN_TRY(device_->write_register(kCalibration, settings_.calibration));
    // Writing the mode clears the ready flag, so that what is read later is by these settings.
    EDGETRAN_TRY(device_->write_register(kConfiguration, settings_.configuration));
    const double deadline_s = clock.now_s() + kConversionPatience_s;
    while (true) {
      EDGETRAN_ASSIGN(const uint16_t bus, device_->read_register(kBusVoltage));
      if ((bus & kConversionReady) != 0) break;
      if (clock.now_s() >= deadline_s) {
        return fail(ErrorCategory::kDevice,
                    fmt::format("{} ended no conversion within {} s; an INA219 takes {} s",
                                info_.source, kConversionPatience_s, kAveraging_s),
                    "is the chip at this address an INA219?");
      }
      clock.sleep_until(clock.now_s() + kConversionPoll_s);
    }
    EDGETRAN_ASSIGN(const uint16_t kept, device_->read_register(kConfiguration));
    if (kept != settings_.configuration) {
      return fail(ErrorCategory::kDevice,
                  fmt::format("{} took 0x{:04x} for a configuration of 0x{:04x}", info_.source,
                              kept, settings_.configuration),
                  "is the chip at this address an INA219?");
    }
    return {};
  }

  base::Result<Reading> read() override {
    // A chip whose supply was interrupted starts again without calibration and shows zero watts.
    EDGETRAN_ASSIGN(const uint16_t calibration, device_->read_register(kCalibration));
    if (calibration != settings_.calibration) {
      return fail(ErrorCategory::kDevice,
                  fmt::format("{} has lost its calibration (0x{:04x}, not 0x{:04x})", info_.source,
                              calibration, settings_.calibration),
                  "its supply was interrupted or another program sets it; start again");
    }
    EDGETRAN_ASSIGN(const uint16_t bus, device_->read_register(kBusVoltage));
    if ((bus & kOverflow) != 0) return out_of_range("says that its power is out of range");
    EDGETRAN_ASSIGN(const uint16_t raw, device_->read_register(kCurrent));
    const auto current = static_cast<int16_t>(raw);
    if (current == kHighestCurrent) return out_of_range("shows the end of its current register");
    EDGETRAN_TRY(check_shunt());
    const double amperes = current * settings_.ampere_per_bit;
    if (amperes < -kReverseShare * kCurrentBits * settings_.ampere_per_bit) {
      return fail(
          ErrorCategory::kDevice,
          fmt::format("{} shows {:.3f} A: the current flows in reverse", info_.source, amperes),
          "exchange VIN+ and VIN-");
    }
    // The power register is the product of the last two results, without a sign.
    EDGETRAN_ASSIGN(const uint16_t power, device_->read_register(kPower));
    const double watts = power * kPowerPerCurrentBit * settings_.ampere_per_bit;
    return Reading{.watts = amperes < 0 ? -watts : watts};
  }

 private:
  tl::unexpected<base::Error> out_of_range(const std::string& what) const {
    return fail(ErrorCategory::kDevice, info_.source + " " + what,
                "raise max_current_a on the card, or use a smaller shunt");
  }

  base::Status check_shunt() {
    EDGETRAN_ASSIGN(const uint16_t raw, device_->read_register(kShuntVoltage));
    const double range_v = kSmallestRange_v * (1 << (settings_.configuration >> kGainShift & 3));
    const double shunt_v = static_cast<int16_t>(raw) * kShuntStep_v;
    if (shunt_v < kNearEnd * range_v) return {};
    return out_of_range(
        fmt::format("shows {:.1f} mV across the shunt, the end of its range of "
                    "{:g} mV: the current is larger than it can show",
                    shunt_v * 1e3, range_v * 1e3));
  }

  SensorInfo info_;
  Ina219Settings settings_;
  std::unique_ptr<I2cDevice> device_;
};

base::Result<double> read_shunt(base::ConfigMap& settings) {
  EDGETRAN_ASSIGN(const base::ConfigValue value, settings.require("shunt_ohm"));
  EDGETRAN_ASSIGN(const double ohm, value.as_number());
  if (ohm > 0) return ohm;
  return fail(value.error(
      fmt::format("shunt_ohm is {}; it must be above 0", ohm),
      "power is bus voltage x shunt voltage / shunt_ohm: read the resistance off the shunt (R100 "
      "is 0.1 ohm, which most boards carry)"));
}

base::Result<double> read_max_current(base::ConfigMap& settings, double shunt_ohm) {
  const double largest_a = kLargestRange_v / shunt_ohm;
  const auto value = settings.find("max_current_a");
  if (!value) return largest_a;
  EDGETRAN_ASSIGN(const double current_a, value->as_number());
  if (current_a > 0 && current_a <= largest_a * (1 + kRounding)) return current_a;
  return fail(value->error(
      fmt::format(
          "max_current_a is {}; with a shunt of {} ohm it must be above 0 and at most {:.4g}",
          current_a, shunt_ohm, largest_a),
      "the chip measures up to 0.32 V across the shunt; a smaller shunt shows more current"));
}

/// A shunt cannot be found: nothing on the bus says its resistance.
FoundSensors find(const SensorHost& /*host*/) { return {}; }

base::Result<std::unique_ptr<Sensor>> make(const SensorHost& host, base::ConfigMap& settings) {
  EDGETRAN_ASSIGN(const Ina219Wiring wiring, read_ina219_wiring(settings));
  const auto path = host.at(fmt::format("/dev/i2c-{}", wiring.bus));
  EDGETRAN_ASSIGN(auto device, open_i2c_device(path, wiring.address));
  base::SystemClock clock;
  return make_ina219(wiring, std::move(device), clock);
}

}  // namespace

base::Result<Ina219Wiring> read_ina219_wiring(base::ConfigMap& settings) {
  // Asked for before any is checked: a wrong value is the error, not the keys that were not
  // reached.
  for (const char* key :
       {"bus", "address", "shunt_ohm", "shunt_tolerance", "max_current_a", "boundary"}) {
    settings.find(key);
  }
  Ina219Wiring wiring;
  EDGETRAN_ASSIGN(const base::ConfigValue bus, settings.require("bus"));
  EDGETRAN_ASSIGN(wiring.bus, bus.as_integer(0, 255));
  if (const auto address = settings.find("address")) {
    // Pins A0 and A1 choose one of sixteen addresses.
    EDGETRAN_ASSIGN(const int64_t chosen, address->as_integer(0x40, 0x4f));
    wiring.address = static_cast<uint8_t>(chosen);
  }
  EDGETRAN_ASSIGN(wiring.shunt_ohm, read_shunt(settings));
  if (const auto tolerance = settings.find("shunt_tolerance")) {
    EDGETRAN_ASSIGN(wiring.shunt_tolerance, tolerance->as_number(0, 0.5));
  }
  EDGETRAN_ASSIGN(wiring.max_current_a, read_max_current(settings, wiring.shunt_ohm));
  if (const auto boundary = settings.find("boundary")) {
    EDGETRAN_ASSIGN(const std::string name, boundary->as_choice(boundary_names()));
    wiring.boundary = boundary_from_name(name).value();
  }
  return wiring;
}

Ina219Settings ina219_settings(const Ina219Wiring& wiring) {
  const double drop_v = wiring.max_current_a * wiring.shunt_ohm;
  int gain = 0;
  while (gain + 1 < kRanges && kSmallestRange_v * (1 << gain) * (1 + kRounding) < drop_v) ++gain;
  Ina219Settings settings;
  settings.configuration =
      static_cast<uint16_t>(kBus32V | gain << kGainShift | kAverage128 << kBusAdcShift |
                            kAverage128 << kShuntAdcShift | kContinuous);
  const double wanted =
      kCalibrationConstant / (wiring.max_current_a / kCurrentBits * wiring.shunt_ohm);
  const double kept = std::min(std::floor(wanted * (1 + kRounding)), double{kLargestCalibration});
  settings.calibration = static_cast<uint16_t>(static_cast<unsigned>(kept) & kLargestCalibration);
  settings.ampere_per_bit = kCalibrationConstant / (settings.calibration * wiring.shunt_ohm);
  return settings;
}

base::Result<std::unique_ptr<Sensor>> make_ina219(const Ina219Wiring& wiring,
                                                  std::unique_ptr<I2cDevice> device,
                                                  base::Clock& clock) {
  const Ina219Settings settings = ina219_settings(wiring);
  SensorInfo info;
  info.driver = kIna219.name;
  info.channel = fmt::format("{}-{:04x}", wiring.bus, wiring.address);
  info.domain = fmt::format("shunt of {} ohm", wiring.shunt_ohm);
  info.source = fmt::format("/dev/i2c-{} 0x{:02x}", wiring.bus, wiring.address);
  info.kind = SensorKind::kGauge;
  info.boundary = wiring.boundary;
  info.resolution_w = kPowerPerCurrentBit * settings.ampere_per_bit;
  info.averaging_s = kAveraging_s;
  // A tolerance is a limit; the deviation of a value that is anywhere within it is 1/sqrt(3) of it.
  info.gain_error = std::hypot(kGainError, wiring.shunt_tolerance / std::sqrt(3.0));
  info.rating_w = wiring.max_current_a * kHighestBus_v;
  auto sensor = std::make_unique<Ina219>(std::move(info), settings, std::move(device));
  EDGETRAN_TRY(sensor->start(clock));
  EDGETRAN_TRY(sensor->read());
  return sensor;
}

constinit const SensorDriver kIna219{
    .name = "ina219",
    .text = "an INA219 with a shunt in the board's supply, declared on a card",
    .find = find,
    .make = make};

}  // namespace edgetran::profile::sensors
