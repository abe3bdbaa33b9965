#include "profile/sensors/ina219.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/config.h"
#include "profile/sensors/drivers.h"
#include "profile/sensors/find_sensors.h"
#include "profile/sensors/sysfs_tree.h"

namespace edgetran::profile::sensors {
namespace {

using base::ErrorCategory;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::SysfsTree;
using testing::WithoutPrivileges;

/// An INA219 by its data sheet: it makes current and power of the voltages at its pins, with the
/// roundings of its registers.
struct Chip {
  double shunt_v = 0;
  double bus_v = 0;
  uint16_t configuration = 0x399F;  // after power-on
  uint16_t calibration = 0;
  int conversions_to_wait = 2;  // polls before the ready flag
  bool there = true;

  double range_v() const { return 0.040 * (1 << (configuration >> 11 & 3)); }
  int shunt_bits() const {
    return static_cast<int>(std::lround(std::clamp(shunt_v, -range_v(), range_v()) / 10e-6));
  }
  int bus_bits() const { return static_cast<int>(std::lround(bus_v / 0.004)); }
  int current_bits() const { return shunt_bits() * calibration / 4096; }
  int power_bits() const { return std::abs(current_bits()) * bus_bits() / 5000; }
  bool overflow() const { return std::abs(current_bits()) > 32767 || power_bits() > 65535; }
};

class FakeBus final : public I2cDevice {
 public:
  explicit FakeBus(Chip& chip) : chip_(chip) {}

  base::Result<uint16_t> read_register(uint8_t number) override {
    if (!chip_.there) return base::fail(ErrorCategory::kDevice, "no answer");
    switch (number) {
      case 0:
        return chip_.configuration;
      case 1:
        return static_cast<uint16_t>(chip_.shunt_bits());
      case 2: {
        const bool ready = chip_.conversions_to_wait-- <= 0;
        return static_cast<uint16_t>(chip_.bus_bits() << 3 | (ready ? 2 : 0) |
                                     (chip_.overflow() ? 1 : 0));
      }
      case 3:
        return static_cast<uint16_t>(chip_.power_bits());
      case 4:
        return static_cast<uint16_t>(chip_.current_bits());
      case 5:
        return chip_.calibration;
      default:
        return base::fail(ErrorCategory::kFailed, "a register that nobody should read");
    }
  }

  base::Status write_register(uint8_t number, uint16_t value) override {
    if (!chip_.there) return base::fail(ErrorCategory::kDevice, "no answer");
    if (number == 0) chip_.configuration = value;
    if (number == 5) chip_.calibration = value & 0xFFFE;
    return {};
  }

 private:
  Chip& chip_;
};

base::Result<Ina219Wiring> wiring(const std::string& yaml) {
  const auto value = base::ConfigValue::parse_yaml(yaml, "card.yaml").value();
  auto map = base::ConfigMap::of(value).value();
  EDGETRAN_ASSIGN(const Ina219Wiring read, read_ina219_wiring(map));
  EDGETRAN_TRY(map.finish());
  return read;
}

base::Result<std::unique_ptr<Sensor>> start(Chip& chip, const Ina219Wiring& wires) {
  base::ManualClock clock;
  return make_ina219(wires, std::make_unique<FakeBus>(chip), clock);
}

Ina219Wiring wires(double shunt_ohm, double max_current_a) {
  return {.bus = 1, .address = 0x41, .shunt_ohm = shunt_ohm, .max_current_a = max_current_a};
}

TEST(Ina219, AveragesBothConvertersAndMeasuresContinuously) {
  const auto settings = ina219_settings(wires(0.1, 3.2));
  // 32 V, 320 mV, 128 samples of bus and shunt, continuous: SBOS448G, tables 3 to 6.
  EXPECT_EQ(settings.configuration, 0b0011'1111'1111'1111);
}

TEST(Ina219, TheCalibrationIsThatOfTheDataSheetsExample) {
  // SBOS448G, section 9.2.2: 2 mohm and 1 mA a bit, so 2^15 mA at most: 20 480.
  const auto settings = ina219_settings(wires(0.002, 32.768));
  EXPECT_EQ(settings.calibration, 20480);
  EXPECT_NEAR(settings.ampere_per_bit, 1e-3, 1e-15);
  EXPECT_EQ(settings.configuration >> 11 & 3, 1);  // 65.5 mV: the range of 80 mV
}

TEST(Ina219, TheStepIsThatOfTheCalibrationWhichTheChipKeeps) {
  const auto settings = ina219_settings(wires(0.002, 15));  // 44 739.2: odd, and cut
  EXPECT_EQ(settings.calibration, 44738);
  EXPECT_NEAR(settings.ampere_per_bit, 0.04096 / (44738 * 0.002), 1e-15);
}

TEST(Ina219, TheRangeIsTheSmallestThatHoldsTheCurrent) {
  EXPECT_EQ(ina219_settings(wires(0.1, 0.4)).configuration >> 11 & 3, 0);   // 40 mV, just
  EXPECT_EQ(ina219_settings(wires(0.1, 0.41)).configuration >> 11 & 3, 1);  // 80 mV
  EXPECT_EQ(ina219_settings(wires(0.1, 1.5)).configuration >> 11 & 3, 2);   // 160 mV
  EXPECT_EQ(ina219_settings(wires(0.1, 2)).configuration >> 11 & 3, 3);     // 320 mV
}

TEST(Ina219, ATinyDropKeepsTheCalibrationInItsRegister) {
  const auto settings = ina219_settings(wires(0.001, 1));  // 1 mV: would be 1.3 million
  EXPECT_EQ(settings.calibration, 0xFFFE);
  EXPECT_NEAR(settings.ampere_per_bit, 0.04096 / (65534 * 0.001), 1e-15);
}

class Ina219Power : public ::testing::TestWithParam<std::tuple<double, double, double, double>> {};

TEST_P(Ina219Power, IsTheProductOfWhatIsAtItsPinsToARegistersStep) {
  const auto [shunt_ohm, max_a, bus_v, amperes] = GetParam();
  Chip chip{.shunt_v = shunt_ohm * amperes, .bus_v = bus_v};
  const auto sensor = start(chip, wires(shunt_ohm, max_a));
  ASSERT_TRUE(sensor) << sensor.error().message;
  const double watts = (*sensor)->read()->watts;
  // One step of power, of the shunt (10 uV) and of the bus (4 mV).
  const double step = (*sensor)->info().resolution_w + 10e-6 / shunt_ohm * bus_v + 0.004 * amperes;
  EXPECT_NEAR(watts, bus_v * amperes, step);
  EXPECT_GT(watts, 0.9 * bus_v * amperes);
}

INSTANTIATE_TEST_SUITE_P(Wirings, Ina219Power,
                         ::testing::Values(std::tuple{0.1, 3.2, 5.1, 1.5},
                                           std::tuple{0.1, 0.4, 5.1, 0.35},
                                           std::tuple{0.01, 10.0, 19.0, 4.0},
                                           std::tuple{0.002, 15.0, 12.0, 10.0}));

TEST(Ina219, SaysWhatItIs) {
  Chip chip{.shunt_v = 0.05, .bus_v = 5};
  Ina219Wiring at = wires(0.1, 3.2);
  at.shunt_tolerance = 0.01;
  const auto sensor = start(chip, at);
  ASSERT_TRUE(sensor);
  const SensorInfo& info = (*sensor)->info();
  EXPECT_EQ(info.channel, "1-0041");
  EXPECT_EQ(info.boundary, Boundary::kBoardInput);
  EXPECT_DOUBLE_EQ(info.averaging_s, 0.1362);
  EXPECT_NEAR(*info.gain_error, std::sqrt(0.005 * 0.005 + 0.01 * 0.01 / 3), 1e-12);
  EXPECT_NEAR(info.resolution_w, 20 * 3.2 / 32768, 1e-6);
  EXPECT_NEAR(*info.rating_w, 3.2 * 26, 1e-9);
}

TEST(Ina219, WaitsForItsFirstConversionAndNotForEver) {
  Chip slow{.shunt_v = 0.05, .bus_v = 5, .conversions_to_wait = 14};
  EXPECT_TRUE(start(slow, wires(0.1, 3.2)));
  Chip never{.shunt_v = 0.05, .bus_v = 5, .conversions_to_wait = 1 << 30};
  const auto sensor = start(never, wires(0.1, 3.2));
  ASSERT_FALSE(sensor);
  EXPECT_EQ(sensor.error().category, ErrorCategory::kDevice);
  EXPECT_THAT(sensor.error().message, HasSubstr("no conversion within 1 s"));
}

TEST(Ina219, OverflowIsAnError) {
  Chip chip{.shunt_v = 0.05, .bus_v = 5};
  const auto sensor = start(chip, wires(0.001, 20));  // 20 mV; the range holds 40
  ASSERT_FALSE(sensor);  // 50 mV are beyond what its calibration can count
  EXPECT_THAT(sensor.error().message, HasSubstr("out of range"));
  EXPECT_THAT(sensor.error().hint, HasSubstr("max_current_a"));
}

TEST(Ina219, AShuntVoltageAtTheEndOfItsRangeIsAnError) {
  // R100 and 320 mV: 3.2 A. Beyond, the converter says 320 mV and flags nothing.
  Chip chip{.shunt_v = 0.1 * 3.1, .bus_v = 5};
  const auto sensor = start(chip, wires(0.1, 3.2));
  ASSERT_TRUE(sensor);
  EXPECT_NEAR((*sensor)->read()->watts, 15.5, 0.05);
  for (const double amperes : {3.18, 3.2, 4.0, 5.0, 8.0}) {
    chip.shunt_v = 0.1 * amperes;
    const auto reading = (*sensor)->read();
    ASSERT_FALSE(reading) << amperes;
    EXPECT_EQ(reading.error().category, ErrorCategory::kDevice);
    EXPECT_THAT(reading.error().message, HasSubstr("its range of 320 mV"));
    EXPECT_THAT(reading.error().hint, HasSubstr("max_current_a"));
  }
  chip.shunt_v = -0.1 * 8;  // wired in reverse is another fault
  EXPECT_THAT((*sensor)->read().error().hint, HasSubstr("VIN+"));
}

TEST(Ina219, ASmallerRangeEndsEarlier) {
  Chip chip{.shunt_v = 0.0395, .bus_v = 5};  // 98.75 % of 40 mV
  const auto sensor = start(chip, wires(0.1, 0.4));
  ASSERT_TRUE(sensor);
  chip.shunt_v = 0.0397;
  EXPECT_THAT((*sensor)->read().error().message, HasSubstr("its range of 40 mV"));
}

TEST(Ina219, AChipThatStartedAgainIsAnErrorAndNotZeroWatts) {
  Chip chip{.shunt_v = 0.05, .bus_v = 5};
  const auto sensor = start(chip, wires(0.1, 3.2));
  ASSERT_TRUE(sensor);
  chip.configuration = 0x399F;
  chip.calibration = 0;
  const auto reading = (*sensor)->read();
  ASSERT_FALSE(reading);
  EXPECT_THAT(reading.error().message, HasSubstr("lost its calibration"));
}

TEST(Ina219, ACurrentInReverseIsAnErrorBeyondNoise) {
  Chip chip{.shunt_v = -20e-6, .bus_v = 5};
  const auto sensor = start(chip, wires(0.1, 3.2));
  ASSERT_TRUE(sensor);
  const double noise = (*sensor)->read()->watts;
  EXPECT_LE(noise, 0);
  EXPECT_GT(noise, -0.005);
  chip.shunt_v = -0.05;
  EXPECT_THAT((*sensor)->read().error().hint, HasSubstr("VIN+"));
}

TEST(Ina219, AChipThatIsGoneIsAnError) {
  Chip chip{.shunt_v = 0.05, .bus_v = 5};
  const auto sensor = start(chip, wires(0.1, 3.2));
  ASSERT_TRUE(sensor);
  chip.there = false;
  EXPECT_EQ((*sensor)->read().error().category, ErrorCategory::kDevice);
  EXPECT_FALSE(start(chip, wires(0.1, 3.2)));
}

TEST(Ina219Card, KeysAndDefaults) {
  const auto read = wiring("bus: 3\naddress: 0x45\nshunt_ohm: 0.1\n");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->bus, 3);
  EXPECT_EQ(read->address, 0x45);
  EXPECT_DOUBLE_EQ(read->max_current_a, 3.2);
  EXPECT_EQ(read->boundary, Boundary::kBoardInput);
  const auto full = wiring(
      "{bus: 1, shunt_ohm: 0.01, shunt_tolerance: 0.01, max_current_a: 5, boundary: module}");
  ASSERT_TRUE(full) << full.error().message;
  EXPECT_EQ(full->address, 0x40);
  EXPECT_EQ(full->boundary, Boundary::kModule);
}

TEST(Ina219Card, AShuntOfZeroIsRefusedWithTheReason) {
  for (const char* ohm : {"0", "-0.1", "0.0"}) {
    const auto read = wiring("bus: 1\nshunt_ohm: " + std::string(ohm) + "\n");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().category, ErrorCategory::kUsage);
    EXPECT_THAT(read.error().message, HasSubstr("card.yaml:2"));
    EXPECT_THAT(read.error().message, HasSubstr("must be above 0"));
    EXPECT_THAT(read.error().hint, HasSubstr("shunt voltage / shunt_ohm"));
  }
}

TEST(Ina219Card, WrongKeysAreRefusedAtTheirPlace) {
  EXPECT_THAT(wiring("bus: 1\n").error().message, HasSubstr("shunt_ohm"));
  EXPECT_FALSE(wiring("shunt_ohm: 0.1\n"));
  EXPECT_FALSE(wiring("bus: 1\nshunt_ohm: 0.1\naddress: 0x50\n"));
  EXPECT_FALSE(wiring("bus: 1\nshunt_ohm: 0.1\nboundary: somewhere\n"));
  EXPECT_FALSE(wiring("bus: 1\nshunt_ohm: 0.1\nshunt: 1\n"));
  const auto read = wiring("bus: 1\nshunt_ohm: 0.1\nmax_current_a: 5\n");
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("at most 3.2"));
}

TEST(Ina219Card, TheFirstWrongValueIsTheErrorAndNotTheKeysAfterIt) {
  const SysfsTree tree;
  const auto message = [&tree](const std::string& keys) {
    const auto sensor = declared_sensor(tree.host(), "{driver: ina219, " + keys + "}");
    return sensor ? "" : sensor.error().message;
  };
  const std::string rest = ", shunt_ohm: 0.1";
  for (const char* address : {"500", "abc"}) {
    const std::string said = message("bus: 1, address: " + std::string(address) + rest);
    EXPECT_THAT(said, HasSubstr("address"));
    EXPECT_THAT(said, Not(HasSubstr("unknown key")));
  }
  EXPECT_THAT(message("bus: 1" + rest + ", shunt_tolerance: 5"), HasSubstr("0.5"));
  EXPECT_THAT(message("bus: 1" + rest + ", max_current_a: -1"), HasSubstr("at most 3.2"));
  EXPECT_THAT(message("address: 0x40" + rest), HasSubstr("bus"));
  // A key that the driver does not have stays the better explanation.
  EXPECT_THAT(message("bus: 1, shunt: 0.1"), HasSubstr("unknown key"));
}

TEST(Ina219Card, AMissingBusSaysHowToSwitchItOn) {
  const SysfsTree tree;
  const auto value = base::ConfigValue::parse_yaml("bus: 1\nshunt_ohm: 0.1\n", "card.yaml").value();
  auto map = base::ConfigMap::of(value).value();
  const auto sensor = kIna219.make(tree.host(), map);
  ASSERT_FALSE(sensor);
  EXPECT_EQ(sensor.error().category, ErrorCategory::kDevice);
  EXPECT_THAT(sensor.error().hint, HasSubstr("modprobe i2c-dev"));
}

TEST(Ina219Card, ABusOfOthersIsAPermission) {
  const SysfsTree tree;
  tree.write("/dev/i2c-1", "");
  tree.forbid("/dev/i2c-1");
  const WithoutPrivileges dropped;
  const auto device = open_i2c_device(tree.at("/dev/i2c-1"), 0x40);
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().category, ErrorCategory::kPermission);
  EXPECT_THAT(device.error().hint, HasSubstr("usermod -aG i2c"));
}

TEST(Ina219Card, AFileThatIsNoBusIsADeviceError) {
  const SysfsTree tree;
  tree.write("/dev/i2c-1", "");
  const auto device = open_i2c_device(tree.at("/dev/i2c-1"), 0x40);
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().category, ErrorCategory::kDevice);
}

}  // namespace
}  // namespace edgetran::profile::sensors
