#include "profile/simulated_law.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace edgetran::profile {

namespace {

using base::ConfigMap;
using base::ConfigValue;

constexpr double kMaxSeconds = 1e6;
/// A session takes seconds of simulated time: shorter runs would be millions of samples.
constexpr double kMinRunS = 1e-6;
/// Racks draw more, boards do not.
constexpr double kMaxWatts = 1e5;
/// A board with a thermal law changes its clock within a run. These bound how often: a run is at
/// most kMaxThermalRunS long, and warming from one clock to the other takes at least
/// kMinTimeConstantS * ln(1 + kMinHysteresisC / kMaxTemperatureC), a millisecond.
constexpr double kMaxThermalRunS = 1e3;
constexpr double kMinTimeConstantS = 1;
constexpr double kMinHysteresisC = 1;
constexpr double kMaxTemperatureC = 1e3;
/// Quicker than any meter; slower ones say nothing of windows of seconds.
constexpr double kMinUpdateS = 1e-4;
constexpr double kMaxUpdateS = 60;
/// A tick beyond this is no resolution.
constexpr double kMaxResolution = 1e3;
constexpr double kMaxSpike = 100;
/// Closer to 1 a series is a constant for any session.
constexpr double kMaxCorrelation = 0.9999;

base::Status number(ConfigMap& map, const std::string& key, double low, double high,
                    double& target) {
  EDGETRAN_ASSIGN(const auto value, map.require(key));
  EDGETRAN_ASSIGN(target, value.as_number(low, high));
  return {};
}

base::Status optional_number(ConfigMap& map, const std::string& key, double low, double high,
                             double& target) {
  if (!map.find(key)) return {};
  return number(map, key, low, high, target);
}

base::Result<uint64_t> require_count(ConfigMap& map, const std::string& key) {
  EDGETRAN_ASSIGN(const auto value, map.require(key));
  EDGETRAN_ASSIGN(const int64_t count, value.as_integer(0, INT64_MAX));
  return static_cast<uint64_t>(count);
}

base::Result<SimulatedPower> read_power(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  SimulatedPower power;
  EDGETRAN_TRY(number(map, "idle_w", 0, kMaxWatts, power.idle_w));
  EDGETRAN_TRY(number(map, "loaded_w", 0, kMaxWatts, power.loaded_w));
  EDGETRAN_TRY(number(map, "load_w", 0, kMaxWatts, power.load_w));
  EDGETRAN_TRY(number(map, "run_w", 0, kMaxWatts, power.run_w));
  EDGETRAN_TRY(number(map, "throttled_w", 0, kMaxWatts, power.throttled_w));
  EDGETRAN_TRY(map.finish());
  return power;
}

base::Result<SimulatedThermal> read_thermal(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  SimulatedThermal thermal;
  EDGETRAN_TRY(number(map, "ambient_c", -60, 100, thermal.ambient_c));
  EDGETRAN_TRY(number(map, "resistance_c_per_w", 0, 1e3, thermal.resistance_c_per_w));
  EDGETRAN_TRY(
      number(map, "time_constant_s", kMinTimeConstantS, kMaxSeconds, thermal.time_constant_s));
  EDGETRAN_TRY(number(map, "limit_c", -60, kMaxTemperatureC, thermal.limit_c));
  EDGETRAN_TRY(number(map, "resume_c", -60, kMaxTemperatureC, thermal.resume_c));
  EDGETRAN_TRY(number(map, "clock_share", 0.01, 1, thermal.clock_share));
  EDGETRAN_TRY(number(map, "throttled_s", kMinRunS, kMaxThermalRunS, thermal.throttled_s));
  EDGETRAN_TRY(map.finish());
  if (thermal.resume_c > thermal.limit_c - kMinHysteresisC) {
    return base::fail(
        value.error(fmt::format("resume_c is {}, limit_c is {}", thermal.resume_c, thermal.limit_c),
                    "the clock rises again at least 1 degree below the limit"));
  }
  return thermal;
}

base::Status check_thermal(const ConfigValue& value, const SimulatedLaw& law) {
  if (!law.thermal) return {};
  if (!law.power) {
    return base::fail(value.error("a law with \"thermal\" needs \"power\": heat is what it draws"));
  }
  if (law.mean_s > kMaxThermalRunS) {
    return base::fail(value.error(fmt::format("mean_s is {}; with \"thermal\" it is at most {}",
                                              law.mean_s, kMaxThermalRunS)));
  }
  const SimulatedPower& power = *law.power;
  const double largest_w =
      std::max({power.idle_w, power.loaded_w, power.load_w, power.run_w, power.throttled_w});
  const double hottest_c = law.thermal->ambient_c + law.thermal->resistance_c_per_w * largest_w;
  if (hottest_c > kMaxTemperatureC) {
    return base::fail(value.error(
        fmt::format("{} W would heat the board to {:.0f} degrees", largest_w, hottest_c),
        "lower resistance_c_per_w: what is allowed ends at 1000 degrees"));
  }
  return {};
}

base::Json thermal_law_json(const SimulatedThermal& thermal) {
  return {{"ambient_c", thermal.ambient_c},
          {"resistance_c_per_w", thermal.resistance_c_per_w},
          {"time_constant_s", thermal.time_constant_s},
          {"limit_c", thermal.limit_c},
          {"resume_c", thermal.resume_c},
          {"clock_share", thermal.clock_share},
          {"throttled_s", thermal.throttled_s}};
}

base::Json power_json(const SimulatedPower& power) {
  return {{"idle_w", power.idle_w},
          {"loaded_w", power.loaded_w},
          {"load_w", power.load_w},
          {"run_w", power.run_w},
          {"throttled_w", power.throttled_w}};
}

}  // namespace

base::Result<SimulatedSensor> read_simulated_sensor(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  SimulatedSensor sensor;
  EDGETRAN_ASSIGN(const auto kind, map.require("kind"));
  EDGETRAN_ASSIGN(const std::string kind_name, kind.as_choice({"gauge", "counter"}));
  sensor.kind = kind_name == "gauge" ? SensorKind::kGauge : SensorKind::kCounter;
  if (const auto boundary = map.find("boundary")) {
    EDGETRAN_ASSIGN(const std::string name, boundary->as_choice(boundary_names()));
    sensor.boundary = *boundary_from_name(name);
    if (sensor.boundary == Boundary::kRail) {
      return base::fail(boundary->error("a single rail is no board's energy",
                                        "say what the power law covers: board-input, module, ..."));
    }
  }
  EDGETRAN_TRY(number(map, "update_s", kMinUpdateS, kMaxUpdateS, sensor.update_s));
  EDGETRAN_TRY(optional_number(map, "averaging_s", 0, kMaxUpdateS, sensor.averaging_s));
  EDGETRAN_TRY(optional_number(map, "resolution", 0, kMaxResolution, sensor.resolution));
  if (const auto range = map.find("range_ticks")) {
    EDGETRAN_ASSIGN(sensor.range_ticks, range->as_integer(0, INT64_MAX));
  }
  EDGETRAN_TRY(map.finish());
  const bool counter = sensor.kind == SensorKind::kCounter;
  if (counter && sensor.resolution <= 0) {
    return base::fail(value.error("a counter counts ticks of \"resolution\" joules, more than 0"));
  }
  if (counter ? sensor.averaging_s > 0 : sensor.range_ticks > 0) {
    return base::fail(value.error(counter ? "a counter averages nothing: it has no averaging_s"
                                          : "a gauge counts nothing: it has no range_ticks"));
  }
  return sensor;
}

base::Json simulated_sensor_json(const SimulatedSensor& sensor) {
  base::Json json = {{"kind", sensor.kind == SensorKind::kCounter ? "counter" : "gauge"},
                     {"boundary", boundary_name(sensor.boundary)},
                     {"update_s", sensor.update_s}};
  if (sensor.averaging_s > 0) json["averaging_s"] = sensor.averaging_s;
  if (sensor.resolution > 0) json["resolution"] = sensor.resolution;
  if (sensor.range_ticks > 0) json["range_ticks"] = sensor.range_ticks;
  return json;
}

base::Result<SimulatedLaw> read_simulated_law(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  SimulatedLaw law;
  EDGETRAN_TRY(number(map, "mean_s", kMinRunS, kMaxSeconds, law.mean_s));
  EDGETRAN_TRY(number(map, "noise_share", 0, 1, law.noise_share));
  EDGETRAN_TRY(number(map, "load_s", 0, kMaxSeconds, law.load_s));
  EDGETRAN_ASSIGN(law.memory_bytes, require_count(map, "memory_bytes"));
  EDGETRAN_ASSIGN(law.seed, require_count(map, "seed"));
  EDGETRAN_TRY(
      optional_number(map, "noise_correlation", 0, kMaxCorrelation, law.noise_correlation));
  EDGETRAN_TRY(optional_number(map, "spike_share", 0, 1, law.spike_share));
  EDGETRAN_TRY(optional_number(map, "spike_factor", 1, kMaxSpike, law.spike_factor));
  if (const auto power = map.find("power")) {
    EDGETRAN_ASSIGN(law.power, read_power(*power));
  }
  if (const auto thermal = map.find("thermal")) {
    EDGETRAN_ASSIGN(law.thermal, read_thermal(*thermal));
  }
  if (const auto sensor = map.find("sensor")) {
    EDGETRAN_ASSIGN(law.sensor, read_simulated_sensor(*sensor));
    if (!law.power) return base::fail(sensor->error("a law with \"sensor\" needs \"power\""));
  }
  EDGETRAN_TRY(map.finish());
  EDGETRAN_TRY(check_thermal(value, law));
  return law;
}

base::Json simulated_law_json(const SimulatedLaw& law) {
  base::Json json = {{"mean_s", law.mean_s},
                     {"noise_share", law.noise_share},
                     {"load_s", law.load_s},
                     {"memory_bytes", law.memory_bytes},
                     {"seed", law.seed}};
  if (law.noise_correlation > 0) json["noise_correlation"] = law.noise_correlation;
  if (law.spike_share > 0) {
    json["spike_share"] = law.spike_share;
    json["spike_factor"] = law.spike_factor;
  }
  if (law.power) json["power"] = power_json(*law.power);
  if (law.thermal) json["thermal"] = thermal_law_json(*law.thermal);
  if (law.power && law.sensor != SimulatedSensor())
    json["sensor"] = simulated_sensor_json(law.sensor);
  return json;
}

}  // namespace edgetran::profile
