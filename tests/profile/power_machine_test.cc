// Any machine's joules, counted once: against the sum over its leaves.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "profile/power_domains.h"
#include "profile/sensor_infos.h"

namespace edgetran::profile {
namespace {

using testing::event;
using testing::expect_whole;
using testing::kRange;
using testing::zone;

/// A machine whose joules are known at their leaves, and everything that may show them.
class Machine {
 public:
  explicit Machine(uint64_t seed) : random_(seed) { build(); }

  std::vector<SensorInfo> sensors;

  /// Lets energy flow into the leaves, in microjoules, without telling a sensor.
  void run() {
    for (auto& [leaf, energy] : leaves_) energy += below(1000) + 1;
  }

  /// The energy that a sensor has seen so far.
  uint64_t seen(size_t sensor) const {
    uint64_t sum = 0;
    for (const std::string& leaf : covers_[sensor]) sum += leaves_.at(leaf);
    return sum;
  }

  /// Read in turn, while energy flows on.
  std::vector<CounterReading> read(int rounds) {
    std::vector<CounterReading> readings;
    for (int round = 0; round < rounds; ++round) {
      for (size_t i = 0; i < sensors.size(); ++i) {
        run();
        const uint64_t range = sensors[i].range_ticks;
        // Powercap counts from power-on, a register a number of its own; perf from its opening.
        const uint64_t ticks = seen(i) + (range == 0 ? 0 : bases_.at(registers_[i]));
        readings.push_back({i, range == 0 ? ticks : ticks % range});
      }
    }
    return readings;
  }

  uint64_t of_leaves(std::string_view skipped) const {
    uint64_t sum = 0;
    for (const auto& [leaf, energy] : leaves_) sum += leaf.find(skipped) == leaf.npos ? energy : 0;
    return sum;
  }

 private:
  uint64_t below(uint64_t limit) { return random_() % limit; }
  bool chance() { return below(2) == 0; }

  /// Adds what shows the leaves whose names begin with one of `prefixes`, of the hardware's
  /// register.
  void add(SensorInfo info, const std::string& register_name,
           const std::vector<std::string>& prefixes) {
    std::vector<std::string> covered;
    for (const auto& [leaf, energy] : leaves_) {
      const bool in = std::any_of(prefixes.begin(), prefixes.end(),
                                  [&leaf](const auto& p) { return leaf.starts_with(p); });
      if (in) covered.push_back(leaf);
    }
    bases_.emplace(register_name, below(kRange));
    registers_.push_back(register_name);
    covers_.push_back(std::move(covered));
    sensors.push_back(std::move(info));
  }

  /// The zones or events of one driver's view of a die.
  template <class Make>
  void add_view(Make make, const std::string& prefix, const std::string& shown,
                const std::vector<std::string>& dies) {
    std::vector<std::string> cores;
    std::vector<std::string> packages;
    std::vector<std::string> memories;
    for (const std::string& die : dies) {
      cores.push_back(die + ".core");
      packages.push_back(die + ".core");
      packages.push_back(die + ".uncore");
      packages.push_back(die + ".rest");
      memories.push_back(die + ".dram");
    }
    const std::string home = prefix.empty() ? dies.front() : "mmio" + dies.front();
    add(make(prefix + shown), home, packages);
    if (chance()) add(make(prefix + shown + "/core"), home + "core", cores);
    if (has_memory_) add(make(prefix + shown + "/dram"), home + "dram", memories);
  }

  void build() {
    const uint64_t packages = 1 + below(3);
    const uint64_t dies = 1 + below(3);
    const bool mirrors = dies > 1 && chance();  // one register a package, shown on every die
    has_memory_ = chance();
    leaves_["platform"] = 0;
    for (uint64_t p = 0; p < packages; ++p) {
      for (uint64_t d = 0; d < dies; ++d) {
        const std::string die = "p" + std::to_string(p) + "d" + std::to_string(d);
        for (const char* part : {".core", ".uncore", ".rest"}) leaves_[die + part] = 0;
        if (has_memory_) leaves_[die + ".dram"] = 0;
      }
    }
    const bool by_powercap = chance();
    const bool by_perf = !by_powercap || chance();
    const bool by_mmio = chance();
    for (uint64_t p = 0; p < packages; ++p) {
      std::vector<std::string> all;
      for (uint64_t d = 0; d < dies; ++d) {
        all.push_back("p" + std::to_string(p) + "d" + std::to_string(d));
      }
      const std::string package = "package-" + std::to_string(p);
      // perf knows by the vendor that a package's dies have one register.
      if (by_perf && mirrors) add_view(event, "", package, all);
      for (uint64_t d = 0; d < dies; ++d) {
        const std::string shown = dies > 1 ? package + "-die-" + std::to_string(d) : package;
        const std::vector<std::string> covered = mirrors ? all : std::vector{all[d]};
        if (by_perf && !mirrors) add_view(event, "", shown, covered);
        if (by_powercap) add_view(zone, "", shown, covered);
        if (by_mmio) add_view(zone, "mmio/", shown, covered);
      }
    }
    if (chance()) add(by_perf ? event("psys") : zone("psys"), "psys", {"p"});
    if (chance()) add(zone("mmio/psys"), "mmio-psys", {"p"});
    std::vector<size_t> order(sensors.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random_);
    reorder(sensors, order);
    reorder(covers_, order);
    reorder(registers_, order);
  }

  template <class T>
  static void reorder(std::vector<T>& list, const std::vector<size_t>& order) {
    std::vector<T> sorted;
    for (const size_t i : order) sorted.push_back(std::move(list[i]));
    list = std::move(sorted);
  }

  std::mt19937_64 random_;
  bool has_memory_ = false;
  std::map<std::string, uint64_t> leaves_;
  std::vector<std::vector<std::string>> covers_;  // leaves, by sensor
  std::vector<std::string> registers_;            // by sensor
  std::map<std::string, uint64_t> bases_;         // by register
};

TEST(PowerDomains, OfAnyMachineEachJouleIsCountedOnce) {
  int with_psys = 0;
  int with_mirrors = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    Machine machine(seed);
    const auto domains = power_domains(machine.sensors, machine.read(3));
    expect_whole(domains, machine.sensors.size());
    for (int i = 0; i < 10; ++i) machine.run();
    bool has_package = false;
    for (const PowerTotal& each : domains.totals) {
      uint64_t sum = 0;
      for (const size_t i : each.sensors) sum += machine.seen(i);
      const bool is_psys = each.boundary == Boundary::kPsys;
      ASSERT_EQ(sum, is_psys ? machine.of_leaves("none") : machine.of_leaves("platform"))
          << "seed " << seed;
      with_psys += is_psys ? 1 : 0;
      has_package = has_package || !is_psys;
    }
    EXPECT_TRUE(has_package) << seed;
    for (const LeftOutSensor& each : domains.left_out) {
      with_mirrors += each.reason.find("lock step") != std::string::npos ? 1 : 0;
    }
  }
  EXPECT_GT(with_psys, 300);
  EXPECT_GT(with_mirrors, 300);  // otherwise the generator shows nothing
}

}  // namespace
}  // namespace edgetran::profile
