// From the kernel's files to totals: each joule of a machine is counted once.

#include <gtest/gtest.h>

#include <map>

#include "profile/power_domains.h"
#include "profile/sensors/powercap_tree.h"

namespace edgetran::profile::sensors {
namespace {

using testing::add_zone;
using testing::SysfsTree;

const std::string kClass = "/sys/class/powercap/";

/// A package of two dies with one energy register for both, so that the kernel shows every zone of
/// it on each die; psys; and the package once more through memory-mapped registers.
class TwoDies {
 public:
  static constexpr uint64_t kCoreStep = 731;  // microjoules
  static constexpr uint64_t kRestStep = 211;
  static constexpr uint64_t kDramStep = 97;
  static constexpr uint64_t kPlatformStep = 1301;

  TwoDies() {
    for (const auto& [zone, view] : views_) add_zone(tree_, zone, view.name, ticks(view));
  }

  /// Lets a little energy flow into every part.
  void run() {
    core_uj_ += kCoreStep;
    rest_uj_ += kRestStep;
    dram_uj_ += kDramStep;
    platform_uj_ += kPlatformStep;
  }

  /// Energy flows on between any two readings, and a file shows what its register holds when it is
  /// read.
  FoundSensors find() {
    SensorHost host = tree_.host();
    host.open = [this, open = host.open](const std::filesystem::path& path) {
      const int descriptor = open(path);
      if (path.filename() == "energy_uj") {
        opened_[descriptor] = path.parent_path().filename();
      } else {
        opened_.erase(descriptor);
      }
      return descriptor;
    };
    host.pread = [this, read = host.pread](int descriptor, void* buffer, size_t size) {
      run();
      if (const auto zone = opened_.find(descriptor); zone != opened_.end()) {
        tree_.write(kClass + zone->second + "/energy_uj", ticks(views_.at(zone->second)));
      }
      return read(descriptor, buffer, size);
    };
    return testing::driver("powercap-rapl").find(host);
  }

 private:
  static constexpr uint64_t kRange = 262143328851;
  enum Part { kCore, kPackage, kDram, kPlatform };
  struct View {
    std::string name;
    Part part;
    uint64_t base;  // what its register held; equal for one register
  };

  std::string ticks(const View& view) const {
    const uint64_t package_uj = core_uj_ + rest_uj_;
    const uint64_t energy = view.part == kCore      ? core_uj_
                            : view.part == kPackage ? package_uj
                            : view.part == kDram    ? dram_uj_
                                                    : package_uj + dram_uj_ + platform_uj_;
    return std::to_string((view.base + energy) % kRange);
  }

  uint64_t core_uj_ = 0;
  uint64_t rest_uj_ = 0;
  uint64_t dram_uj_ = 0;
  uint64_t platform_uj_ = 0;
  SysfsTree tree_;
  std::map<int, std::string> opened_;  // zones by descriptor
  const std::map<std::string, View> views_ = {
      {"intel-rapl:0", {"package-0-die-0", kPackage, kRange - 40000}},  // wraps on its way
      {"intel-rapl:0:0", {"core", kCore, 99}},
      {"intel-rapl:0:1", {"dram", kDram, 12345678}},
      {"intel-rapl:1", {"package-0-die-1", kPackage, kRange - 40000}},
      {"intel-rapl:1:0", {"core", kCore, 99}},
      {"intel-rapl:1:1", {"dram", kDram, 12345678}},
      {"intel-rapl:2", {"psys", kPlatform, 555}},
      {"intel-rapl-mmio:0", {"package-0-die-0", kPackage, 777777}},
      {"intel-rapl-mmio:1", {"package-0-die-1", kPackage, 777777}},
  };
};

TEST(Accounting, PsysPackageCoreDramTwinAndMirroredDiesCountEachJouleOnce) {
  TwoDies machine;
  const FoundSensors found = machine.find();
  ASSERT_TRUE(found.problems.empty());
  ASSERT_EQ(found.sensors.size(), 9U);
  std::vector<SensorInfo> infos;
  for (const auto& sensor : found.sensors) infos.push_back(sensor->info());
  const auto domains =
      power_domains(infos, read_counters(found.sensors, 3, [&machine] { machine.run(); }));

  const auto read_all = [&found] {
    std::vector<uint64_t> ticks;
    for (const auto& sensor : found.sensors) ticks.push_back(sensor->read().value().ticks);
    return ticks;
  };
  const auto before = read_all();
  constexpr uint64_t kSteps = 1000;
  for (uint64_t i = 0; i < kSteps; ++i) machine.run();
  const auto after = read_all();
  // Between two readings of one sensor lie the steps and one round of readings, in each of which
  // energy flows once.
  const uint64_t steps = kSteps + found.sensors.size();

  std::map<Boundary, uint64_t> totals;
  for (const PowerTotal& total : domains.totals) {
    for (const size_t i : total.sensors) {
      const uint64_t range = infos[i].range_ticks;
      totals[total.boundary] += (after[i] + range - before[i]) % range;
    }
  }
  const uint64_t package = TwoDies::kCoreStep + TwoDies::kRestStep + TwoDies::kDramStep;
  EXPECT_EQ(totals, (std::map<Boundary, uint64_t>{
                        {Boundary::kPsys, (package + TwoDies::kPlatformStep) * steps},
                        {Boundary::kPackage, package * steps}}));
  EXPECT_EQ(domains.left_out.size(), 9U - 3);
}

}  // namespace
}  // namespace edgetran::profile::sensors
