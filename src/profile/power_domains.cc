#include "profile/power_domains.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "profile/processor_total.h"

namespace edgetran::profile {

namespace {

class Accountant {
 public:
  Accountant(std::span<const SensorInfo> sensors, std::span<const CounterReading> readings,
             const SensorFaults& faults)
      : sensors_(sensors), readings_(readings), faults_(faults), reasons_(sensors.size()) {}

  PowerDomains run() {
    leave_still_out();
    leave_parts_out();
    leave_rails_out();
    leave_repeats_out();
    add_processor(Boundary::kPsys);
    add_processor(Boundary::kPackage);
    for (const Boundary boundary :
         {Boundary::kWall, Boundary::kBoardInput, Boundary::kModule, Boundary::kSocRails,
          Boundary::kAccelerator, Boundary::kEstimate}) {
      add_total(boundary, boundary == Boundary::kAccelerator ? open(boundary)
                                                             : of_one_driver(open(boundary)));
    }
    return collect();
  }

 private:
  void leave_out(size_t sensor, std::string reason) {
    if (reasons_[sensor].empty()) reasons_[sensor] = std::move(reason);
  }

  /// The sensors of a boundary that nothing spoke against so far.
  std::vector<size_t> open(Boundary boundary) const {
    std::vector<size_t> list;
    for (size_t i = 0; i < sensors_.size(); ++i) {
      if (sensors_[i].boundary == boundary && reasons_[i].empty()) list.push_back(i);
    }
    return list;
  }

  bool is_still(size_t sensor) const {
    return std::any_of(faults_.still.begin(), faults_.still.end(),
                       [sensor](const StillCounter& still) { return still.sensor == sensor; });
  }

  void leave_still_out() {
    for (const StillCounter& still : faults_.still) {
      leave_out(still.sensor,
                fmt::format("did not move in {:g} s: a counter that counts nothing, or is slower "
                            "than that, makes no total",
                            still.watched_s));
    }
  }

  void leave_parts_out() {
    for (size_t i = 0; i < sensors_.size(); ++i) {
      const SensorInfo& part = sensors_[i];
      if (part.within.empty()) continue;
      size_t whole = 0;
      while (whole < sensors_.size() &&
             (sensors_[whole].driver != part.driver || sensors_[whole].channel != part.within)) {
        ++whole;
      }
      const bool there = whole < sensors_.size();
      const bool counted = there && !is_still(whole);
      // The power of what a counter shows as energy is not a part of it but the same.
      const bool same =
          there && part.kind != sensors_[whole].kind && part.domain == sensors_[whole].domain;
      if (same && !counted) continue;
      leave_out(i, fmt::format("is inside {}, {}", part.within,
                               counted ? "which counts its energy"
                               : there ? "which stands still; a part is no total"
                                       : "which is not there; a part is no total"));
    }
  }

  void leave_rails_out() {
    for (const size_t i : open(Boundary::kRail)) {
      leave_out(i, "is one rail, not the total of anything");
    }
  }

  /// A chip may show one thing as energy to one driver and as power to another, under one channel.
  /// The counter is kept, as it misses nothing between two readings. (Within one driver the gauge
  /// says that it is `within` the counter.)
  void leave_repeats_out() {
    for (size_t i = 0; i < sensors_.size(); ++i) {
      for (size_t j = 0; j < sensors_.size(); ++j) {
        const SensorInfo& counter = sensors_[i];
        const SensorInfo& gauge = sensors_[j];
        if (counter.kind != SensorKind::kCounter || gauge.kind != SensorKind::kGauge) continue;
        const bool same = counter.channel == gauge.channel && counter.boundary == gauge.boundary;
        if (same && reasons_[i].empty()) {
          leave_out(j, fmt::format("is seen as energy by {}", channel_name(counter)));
        }
      }
    }
  }

  /// Meters of a board, by the first driver that has one: its several meters are several inputs,
  /// another driver's see the same joules once more.
  std::vector<size_t> of_one_driver(std::vector<size_t> list) {
    std::vector<size_t> kept;
    for (const size_t i : list) {
      if (sensors_[i].driver == sensors_[list.front()].driver) {
        kept.push_back(i);
      } else {
        leave_out(i, fmt::format("measures the same as {}", channel_name(sensors_[list.front()])));
      }
    }
    return kept;
  }

  void add_processor(Boundary boundary) {
    ProcessorTotal chosen = processor_total(sensors_, readings_, faults_, boundary, open(boundary));
    for (LeftOutSensor& left : chosen.left_out) leave_out(left.sensor, std::move(left.reason));
    // A meter of the package that is not the processor's own, such as an APU's: a makeshift.
    if (chosen.sensors.empty()) {
      chosen.sensors = of_one_driver(chosen.elsewhere);
    } else {
      for (const size_t i : chosen.elsewhere) {
        leave_out(i, fmt::format("measures the same as {}",
                                 channel_name(sensors_[chosen.sensors.front()])));
      }
    }
    add_total(boundary, std::move(chosen.sensors));
  }

  void add_total(Boundary boundary, std::vector<size_t> sensors) {
    if (sensors.empty()) return;
    std::sort(sensors.begin(), sensors.end());
    result_.totals.push_back({boundary, std::move(sensors)});
  }

  PowerDomains collect() {
    std::sort(result_.totals.begin(), result_.totals.end(),
              [](const auto& a, const auto& b) { return a.boundary < b.boundary; });
    for (size_t i = 0; i < reasons_.size(); ++i) {
      if (!reasons_[i].empty()) {
        result_.left_out.push_back({i, std::move(reasons_[i]), !is_still(i)});
      }
    }
    return std::move(result_);
  }

  std::span<const SensorInfo> sensors_;
  std::span<const CounterReading> readings_;
  const SensorFaults& faults_;
  std::vector<std::string> reasons_;  // empty: nothing speaks against the sensor
  PowerDomains result_;
};

}  // namespace

std::string channel_name(const SensorInfo& info) {
  return fmt::format("{} of {}", info.channel, info.driver);
}

PowerDomains power_domains(std::span<const SensorInfo> sensors,
                           std::span<const CounterReading> readings, const SensorFaults& faults) {
  return Accountant(sensors, readings, faults).run();
}

}  // namespace edgetran::profile
