#include "device/simulated_law.h"

#include <fmt/format.h>

#include <utility>

namespace edgetran::device {

namespace {

using base::ConfigMap;
using base::ConfigValue;

// Rates and times beyond these are typing errors, not hardware.
constexpr double kMinRate = 1e3;
constexpr double kMaxRate = 1e18;
constexpr double kMaxOverheadS = 1;
constexpr double kMaxLoadS = 1e4;
constexpr double kMaxWatts = 1e4;
/// Hierarchies have three or four levels.
constexpr size_t kMaxSteps = 16;

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

base::Result<PrecisionLaw> read_precision(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  PrecisionLaw law;
  EDGETRAN_ASSIGN(const auto name, map.require("precision"));
  EDGETRAN_ASSIGN(law.precision, name.as_choice(simulated_precisions()));
  EDGETRAN_TRY(number(map, "compute", 1e-3, 1e3, law.compute));
  EDGETRAN_TRY(number(map, "bytes", 1e-3, 1e3, law.bytes));
  EDGETRAN_TRY(map.finish());
  return law;
}

base::Status read_precisions(ConfigMap& map, SimulatedBoardLaw& law) {
  EDGETRAN_ASSIGN(const auto value, map.require("precisions"));
  EDGETRAN_ASSIGN(const auto list, value.as_list());
  for (const ConfigValue& item : list) {
    EDGETRAN_ASSIGN(PrecisionLaw precision, read_precision(item));
    for (const PrecisionLaw& known : law.precisions) {
      if (known.precision != precision.precision) continue;
      return base::fail(item.error(fmt::format("{} is listed twice", precision.precision)));
    }
    law.precisions.push_back(std::move(precision));
  }
  if (law.precisions.empty()) return base::fail(value.error("no precision is listed"));
  return {};
}

base::Status read_efficiency(const ConfigValue& value, SimulatedBoardLaw& law) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  for (size_t i = 0; i < kOperatorClasses; ++i) {
    const auto operators = static_cast<OperatorClass>(i);
    if (operators == OperatorClass::kMove) continue;  // computes nothing
    EDGETRAN_TRY(optional_number(map, std::string(operator_class_name(operators)), 1e-4, 1,
                                 law.efficiency[i]));
  }
  return map.finish();
}

base::Status check_step(const ConfigValue& item, const CacheStep& step,
                        const SimulatedBoardLaw& law) {
  if (step.bandwidth_bytes_per_s < law.bandwidth_bytes_per_s) {
    return base::fail(item.error("a cache is not slower than the main memory behind it",
                                 "raise its bandwidth_bytes_per_s, or leave the step out"));
  }
  if (law.cache_steps.empty()) return {};
  const CacheStep& last = law.cache_steps.back();
  if (step.bytes <= last.bytes || step.bandwidth_bytes_per_s > last.bandwidth_bytes_per_s) {
    return base::fail(item.error(
        fmt::format("a step of {} bytes at {} B/s after one of {} bytes at {} B/s", step.bytes,
                    step.bandwidth_bytes_per_s, last.bytes, last.bandwidth_bytes_per_s),
        "steps go from small and quick to large and slow"));
  }
  return {};
}

base::Status read_cache_steps(const ConfigValue& value, SimulatedBoardLaw& law) {
  EDGETRAN_ASSIGN(const auto list, value.as_list());
  if (list.size() > kMaxSteps) {
    return base::fail(
        value.error(fmt::format("{} steps; at most {} are allowed", list.size(), kMaxSteps)));
  }
  for (const ConfigValue& item : list) {
    EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(item));
    CacheStep step;
    EDGETRAN_ASSIGN(const auto bytes, map.require("bytes"));
    EDGETRAN_ASSIGN(step.bytes, bytes.as_integer(1, INT64_MAX));
    EDGETRAN_TRY(
        number(map, "bandwidth_bytes_per_s", kMinRate, kMaxRate, step.bandwidth_bytes_per_s));
    EDGETRAN_TRY(map.finish());
    EDGETRAN_TRY(check_step(item, step, law));
    law.cache_steps.push_back(step);
  }
  return {};
}

base::Status read_noise(const ConfigValue& value, SimulatedBoardLaw& law) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  EDGETRAN_TRY(optional_number(map, "correlation", 0, 0.9999, law.noise_correlation));
  EDGETRAN_TRY(optional_number(map, "spike_share", 0, 1, law.spike_share));
  EDGETRAN_TRY(optional_number(map, "spike_factor", 1, 100, law.spike_factor));
  return map.finish();
}

base::Result<PowerLaw> read_power(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  PowerLaw power;
  EDGETRAN_TRY(number(map, "idle_w", 0, kMaxWatts, power.idle_w));
  EDGETRAN_TRY(optional_number(map, "loaded_w", 0, kMaxWatts, power.loaded_w));
  EDGETRAN_TRY(number(map, "core_w", 0, kMaxWatts, power.core_w));
  EDGETRAN_TRY(number(map, "compute_w", 0, kMaxWatts, power.compute_w));
  EDGETRAN_TRY(number(map, "memory_w", 0, kMaxWatts, power.memory_w));
  EDGETRAN_TRY(optional_number(map, "clock_exponent", 0, 4, power.clock_exponent));
  EDGETRAN_TRY(map.finish());
  return power;
}

base::Result<ThermalLaw> read_thermal(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  ThermalLaw thermal;
  EDGETRAN_TRY(number(map, "ambient_c", -60, 100, thermal.ambient_c));
  EDGETRAN_TRY(number(map, "resistance_c_per_w", 0, 1e3, thermal.resistance_c_per_w));
  EDGETRAN_TRY(number(map, "time_constant_s", 1, 1e6, thermal.time_constant_s));
  EDGETRAN_TRY(number(map, "limit_c", -60, 1e3, thermal.limit_c));
  EDGETRAN_TRY(number(map, "resume_c", -60, 1e3, thermal.resume_c));
  EDGETRAN_TRY(number(map, "clock_share", 0.01, 1, thermal.clock_share));
  EDGETRAN_TRY(map.finish());
  if (thermal.resume_c > thermal.limit_c - 1) {
    return base::fail(
        value.error(fmt::format("resume_c is {}, limit_c is {}", thermal.resume_c, thermal.limit_c),
                    "the clock rises again at least 1 degree below the limit"));
  }
  return thermal;
}

base::Status read_optional_parts(ConfigMap& map, SimulatedBoardLaw& law) {
  if (const auto efficiency = map.find("efficiency"))
    EDGETRAN_TRY(read_efficiency(*efficiency, law));
  if (const auto steps = map.find("cache_steps")) EDGETRAN_TRY(read_cache_steps(*steps, law));
  if (const auto noise = map.find("noise")) EDGETRAN_TRY(read_noise(*noise, law));
  if (const auto power = map.find("power")) {
    EDGETRAN_ASSIGN(law.power, read_power(*power));
  }
  const auto thermal = map.find("thermal");
  if (thermal) {
    EDGETRAN_ASSIGN(law.thermal, read_thermal(*thermal));
  }
  const auto sensor = map.find("sensor");
  if (sensor) {
    EDGETRAN_ASSIGN(law.sensor, profile::read_simulated_sensor(*sensor));
  }
  if ((thermal || sensor) && !law.power) {
    return base::fail((thermal ? *thermal : *sensor)
                          .error("this needs the board's power", "add law.power, or leave it out"));
  }
  return {};
}

base::Json precisions_json(const SimulatedBoardLaw& law) {
  base::Json precisions = base::Json::array();
  for (const PrecisionLaw& precision : law.precisions) {
    precisions.push_back({{"precision", precision.precision},
                          {"compute", precision.compute},
                          {"bytes", precision.bytes}});
  }
  return precisions;
}

base::Json efficiency_json(const SimulatedBoardLaw& law) {
  base::Json json = base::Json::object();
  for (size_t i = 0; i < kOperatorClasses; ++i) {
    if (law.efficiency[i] == 1) continue;
    json[std::string(operator_class_name(static_cast<OperatorClass>(i)))] = law.efficiency[i];
  }
  return json;
}

base::Json cache_steps_json(const SimulatedBoardLaw& law) {
  base::Json steps = base::Json::array();
  for (const CacheStep& step : law.cache_steps) {
    steps.push_back({{"bytes", step.bytes}, {"bandwidth_bytes_per_s", step.bandwidth_bytes_per_s}});
  }
  return steps;
}

base::Json noise_json(const SimulatedBoardLaw& law) {
  return {{"correlation", law.noise_correlation},
          {"spike_share", law.spike_share},
          {"spike_factor", law.spike_factor}};
}

base::Json power_json(const PowerLaw& power) {
  return {{"idle_w", power.idle_w},     {"loaded_w", power.loaded_w},
          {"core_w", power.core_w},     {"compute_w", power.compute_w},
          {"memory_w", power.memory_w}, {"clock_exponent", power.clock_exponent}};
}

base::Json thermal_json(const ThermalLaw& thermal) {
  return {{"ambient_c", thermal.ambient_c},
          {"resistance_c_per_w", thermal.resistance_c_per_w},
          {"time_constant_s", thermal.time_constant_s},
          {"limit_c", thermal.limit_c},
          {"resume_c", thermal.resume_c},
          {"clock_share", thermal.clock_share}};
}

}  // namespace

const std::vector<std::string>& simulated_precisions() {
  static const std::vector<std::string> kPrecisions = {"fp32", "bf16", "fp16"};
  return kPrecisions;
}

base::Result<SimulatedBoardLaw> read_simulated_board_law(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  SimulatedBoardLaw law;
  EDGETRAN_TRY(number(map, "peak_flop_per_s", kMinRate, kMaxRate, law.peak_flop_per_s));
  EDGETRAN_TRY(number(map, "bandwidth_bytes_per_s", kMinRate, kMaxRate, law.bandwidth_bytes_per_s));
  EDGETRAN_TRY(number(map, "launch_overhead_s", 0, kMaxOverheadS, law.launch_overhead_s));
  EDGETRAN_TRY(optional_number(map, "call_overhead_s", 0, kMaxOverheadS, law.call_overhead_s));
  EDGETRAN_TRY(number(map, "thread_efficiency", 0.01, 1, law.thread_efficiency));
  EDGETRAN_TRY(number(map, "load_bytes_per_s", kMinRate, kMaxRate, law.load_bytes_per_s));
  EDGETRAN_TRY(optional_number(map, "load_overhead_s", 0, kMaxLoadS, law.load_overhead_s));
  EDGETRAN_TRY(number(map, "noise_share", 0, 1, law.noise_share));
  EDGETRAN_ASSIGN(const auto seed, map.require("seed"));
  EDGETRAN_ASSIGN(law.seed, seed.as_integer(0, INT64_MAX));
  EDGETRAN_TRY(read_precisions(map, law));
  EDGETRAN_TRY(read_optional_parts(map, law));
  EDGETRAN_TRY(map.finish());
  return law;
}

base::Json simulated_board_law_json(const SimulatedBoardLaw& law) {
  base::Json json = {{"peak_flop_per_s", law.peak_flop_per_s},
                     {"bandwidth_bytes_per_s", law.bandwidth_bytes_per_s},
                     {"launch_overhead_s", law.launch_overhead_s},
                     {"thread_efficiency", law.thread_efficiency},
                     {"load_bytes_per_s", law.load_bytes_per_s},
                     {"noise_share", law.noise_share},
                     {"seed", law.seed},
                     {"precisions", precisions_json(law)}};
  if (law.call_overhead_s > 0) json["call_overhead_s"] = law.call_overhead_s;
  if (law.load_overhead_s > 0) json["load_overhead_s"] = law.load_overhead_s;
  if (auto efficiency = efficiency_json(law); !efficiency.empty()) json["efficiency"] = efficiency;
  if (!law.cache_steps.empty()) json["cache_steps"] = cache_steps_json(law);
  if (law.noise_correlation > 0 || law.spike_share > 0) json["noise"] = noise_json(law);
  if (law.power) json["power"] = power_json(*law.power);
  if (law.thermal) json["thermal"] = thermal_json(*law.thermal);
  if (law.sensor) json["sensor"] = profile::simulated_sensor_json(*law.sensor);
  return json;
}

}  // namespace edgetran::device
