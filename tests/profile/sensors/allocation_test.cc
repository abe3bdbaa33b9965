// Sensor::read promises to allocate nothing where it succeeds: a sampler beside the measured
// program must not wait for the allocator. Counted here by replacing the global operators of this
// program.

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/process.h"
#include "profile/sensors/drivers.h"
#include "profile/sensors/ina219.h"
#include "profile/sensors/nvml.h"
#include "profile/sensors/rpi5_pmic.h"
#include "profile/sensors/sysfs_tree.h"

namespace {
thread_local int64_t allocations = 0;
}  // namespace

// Every form but the aligned ones, or the sanitizer would meet its own new and our delete. Not
// inlined: the compiler would see malloc meet delete and warn of a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  ++allocations;
  return std::malloc(size);
}
[[gnu::noinline]] void* operator new(std::size_t size) {
  if (void* memory = operator new(size, std::nothrow)) return memory;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept {
  return operator new(size, tag);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { operator delete(memory); }
void operator delete(void* memory, const std::nothrow_t& /*tag*/) noexcept {
  operator delete(memory);
}
void operator delete[](void* memory) noexcept { operator delete(memory); }
void operator delete[](void* memory, std::size_t /*size*/) noexcept { operator delete(memory); }
void operator delete[](void* memory, const std::nothrow_t& /*tag*/) noexcept {
  operator delete(memory);
}

namespace edgetran::profile::sensors {
namespace {

using testing::SysfsTree;

void expect_no_allocation(Sensor& sensor) {
  const int64_t before = allocations;
  bool all = true;
  for (int i = 0; i < 3; ++i) all = sensor.read().has_value() && all;
  const int64_t after = allocations;
  EXPECT_TRUE(all) << sensor.info().driver;
  EXPECT_EQ(after - before, 0) << sensor.info().driver << " " << sensor.info().channel;
}

TEST(Allocation, TheCountSeesOne) {
  const int64_t before = allocations;
  const std::string text(100, 'x');
  EXPECT_EQ(allocations - before, text.size() == 100 ? 1 : 0);
}

TEST(Allocation, ReadingFilesTakesNone) {
  const SysfsTree tree;
  tree.write_bytes("/proc/device-tree/compatible", std::string_view("nvidia,tegra234\0", 16));
  for (const char* rail : {"1", "2"}) {
    const std::string folder = "/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon0/";
    tree.write(folder + "in" + rail + "_label", std::string("RAIL_") + rail);
    tree.write(folder + "in" + rail + "_input", "5000");
    tree.write(folder + "curr" + rail + "_input", "1000");
  }
  tree.write("/sys/class/power_supply/BAT0/type", "Battery");
  tree.write("/sys/class/power_supply/BAT0/status", "Discharging");
  tree.write("/sys/class/power_supply/BAT0/power_now", "9000000");
  tree.write("/sys/class/hwmon/hwmon1/name", "meter");
  tree.write("/sys/class/hwmon/hwmon1/power1_input", "9000000");
  for (const SensorDriver* driver : {&kJetsonHwmon, &kHwmonPower, &kBattery}) {
    const FoundSensors found = driver->find(tree.plain_host());
    ASSERT_FALSE(found.sensors.empty());
    for (const auto& sensor : found.sensors) expect_no_allocation(*sensor);
  }
}

TEST(Allocation, TheMailboxTakesNone) {
  const SysfsTree tree;
  tree.write_bytes("/proc/device-tree/compatible", std::string_view("brcm,bcm2712\0", 13));
  const FoundSensors found =
      find_rpi5_pmic(tree.plain_host(), {.exchange = [](std::span<uint32_t> message) {
                       message[1] = 0x80000000;
                       std::strcpy(reinterpret_cast<char*>(&message[6]),
                                   "VDD_CORE_A current(7)=0.5A\nVDD_CORE_V volt(15)=0.8V\n");
                       return 0;
                     }});
  ASSERT_EQ(found.sensors.size(), 1U);
  expect_no_allocation(*found.sensors[0]);
}

TEST(Allocation, TheAcceleratorsLibraryTakesNone) {
  const SysfsTree tree;
  const FoundSensors found =
      find_nvml(tree.plain_host(), (base::executable_folder() / "fakes" / "fake_nvml.so").string());
  ASSERT_EQ(found.sensors.size(), 2U);
  for (const auto& sensor : found.sensors) expect_no_allocation(*sensor);
}

/// An INA219 that keeps what is written and always has a conversion ready.
class Registers final : public I2cDevice {
 public:
  base::Result<uint16_t> read_register(uint8_t number) override {
    return number == 2 ? uint16_t{2} : values_[number];
  }
  base::Status write_register(uint8_t number, uint16_t value) override {
    values_[number] = value;
    return {};
  }

 private:
  std::array<uint16_t, 6> values_{};
};

TEST(Allocation, RegistersTakeNone) {
  base::ManualClock clock;
  const Ina219Wiring wiring{.shunt_ohm = 0.1, .max_current_a = 3.2};
  const auto sensor = make_ina219(wiring, std::make_unique<Registers>(), clock);
  ASSERT_TRUE(sensor);
  expect_no_allocation(**sensor);
}

}  // namespace
}  // namespace edgetran::profile::sensors
