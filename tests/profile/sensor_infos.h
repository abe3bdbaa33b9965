#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "profile/power_domains.h"

namespace edgetran::profile::testing {

constexpr uint64_t kRange = 262143328851;  // of a usual zone of powercap

inline SensorInfo counter(std::string driver, std::string channel, Boundary boundary,
                          std::string within = "") {
  SensorInfo info;
  info.driver = std::move(driver);
  info.channel = std::move(channel);
  info.domain = info.channel.substr(info.channel.rfind('/') + 1);
  info.within = std::move(within);
  info.kind = SensorKind::kCounter;
  info.boundary = boundary;
  info.joules_per_tick = 1e-6;
  info.range_ticks = info.driver == "powercap-rapl" ? kRange : 0;
  return info;
}

inline SensorInfo gauge(std::string driver, std::string channel, Boundary boundary) {
  SensorInfo info = counter(std::move(driver), std::move(channel), boundary);
  info.kind = SensorKind::kGauge;
  return info;
}

inline SensorInfo zone(const std::string& channel) {
  const std::string bare = channel.starts_with("mmio/") ? channel.substr(5) : channel;
  const bool is_psys = bare.starts_with("psys");
  const bool part = bare.find('/') != std::string::npos && !bare.ends_with("/dram");
  return counter("powercap-rapl", channel, is_psys ? Boundary::kPsys : Boundary::kPackage,
                 part ? channel.substr(0, channel.rfind('/')) : "");
}

inline SensorInfo event(const std::string& channel) {
  SensorInfo info = zone(channel);
  info.driver = "perf-rapl";
  info.range_ticks = 0;
  return info;
}

/// Readings of `sensors` in turn, so often; each counter moves by `step` between two rounds and by
/// `drift` within one. Sensors with an equal `start` show one register.
inline std::vector<CounterReading> in_turn(const std::vector<std::pair<size_t, uint64_t>>& starts,
                                           int rounds, uint64_t step = 1000, uint64_t drift = 1) {
  std::vector<CounterReading> readings;
  for (int round = 0; round < rounds; ++round) {
    uint64_t moved = static_cast<uint64_t>(round) * step;
    for (const auto& [sensor, start] : starts) {
      readings.push_back({sensor, (start + moved) % kRange});
      moved += drift;
    }
  }
  return readings;
}

/// Every sensor is in one total or left out with a reason, and in no two places.
inline void expect_whole(const PowerDomains& domains, size_t sensors) {
  std::vector<int> places(sensors, 0);
  std::set<Boundary> boundaries;
  for (const PowerTotal& each : domains.totals) {
    EXPECT_TRUE(boundaries.insert(each.boundary).second);
    EXPECT_TRUE(std::is_sorted(each.sensors.begin(), each.sensors.end()));
    for (const size_t i : each.sensors) ++places[i];
  }
  for (const LeftOutSensor& each : domains.left_out) {
    EXPECT_FALSE(each.reason.empty());
    ++places[each.sensor];
  }
  for (const int count : places) EXPECT_EQ(count, 1);
}

}  // namespace edgetran::profile::testing
