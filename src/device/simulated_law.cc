#include "device/simulated_law.h"

#include <utility>

namespace edgetran::device {

namespace {

using base::ConfigMap;
using base::ConfigValue;

// Rates and times beyond these are typing errors, not hardware.
constexpr double kMinRate = 1e3;
constexpr double kMaxRate = 1e18;
constexpr double kMaxOverheadS = 1;

const std::vector<std::string> kPrecisions = {"fp32", "bf16"};

base::Result<int64_t> require_integer(ConfigMap& map, const std::string& key, int64_t low,
                                      int64_t high) {
  EDGETRAN_ASSIGN(const auto value, map.require(key));
  return value.as_integer(low, high);
}

base::Result<double> require_number(ConfigMap& map, const std::string& key, double low,
                                    double high) {
  EDGETRAN_ASSIGN(const auto value, map.require(key));
  return value.as_number(low, high);
}

base::Result<PrecisionLaw> read_precision(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  PrecisionLaw law;
  EDGETRAN_ASSIGN(const auto name, map.require("precision"));
  EDGETRAN_ASSIGN(law.precision, name.as_choice(kPrecisions));
  EDGETRAN_ASSIGN(law.compute, require_number(map, "compute", 1e-3, 1e3));
  EDGETRAN_ASSIGN(law.bytes, require_number(map, "bytes", 1e-3, 1e3));
  EDGETRAN_TRY(map.finish());
  return law;
}

}  // namespace

base::Result<SimulatedBoardLaw> read_simulated_board_law(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  SimulatedBoardLaw law;
  EDGETRAN_ASSIGN(law.peak_flop_per_s, require_number(map, "peak_flop_per_s", kMinRate, kMaxRate));
  EDGETRAN_ASSIGN(law.bandwidth_bytes_per_s,
                  require_number(map, "bandwidth_bytes_per_s", kMinRate, kMaxRate));
  EDGETRAN_ASSIGN(law.launch_overhead_s,
                  require_number(map, "launch_overhead_s", 0, kMaxOverheadS));
  EDGETRAN_ASSIGN(law.thread_efficiency, require_number(map, "thread_efficiency", 0.01, 1));
  EDGETRAN_ASSIGN(law.load_bytes_per_s,
                  require_number(map, "load_bytes_per_s", kMinRate, kMaxRate));
  EDGETRAN_ASSIGN(law.noise_share, require_number(map, "noise_share", 0, 1));
  EDGETRAN_ASSIGN(law.seed, require_integer(map, "seed", 0, INT64_MAX));
  EDGETRAN_ASSIGN(const auto precisions, map.require("precisions"));
  EDGETRAN_ASSIGN(const auto list, precisions.as_list());
  for (const ConfigValue& item : list) {
    EDGETRAN_ASSIGN(PrecisionLaw precision, read_precision(item));
    law.precisions.push_back(std::move(precision));
  }
  if (law.precisions.empty()) return base::fail(precisions.error("no precision is listed"));
  EDGETRAN_TRY(map.finish());
  return law;
}

base::Json simulated_board_law_json(const SimulatedBoardLaw& law) {
  base::Json precisions = base::Json::array();
  for (const PrecisionLaw& precision : law.precisions) {
    precisions.push_back({{"precision", precision.precision},
                          {"compute", precision.compute},
                          {"bytes", precision.bytes}});
  }
  return {{"peak_flop_per_s", law.peak_flop_per_s},
          {"bandwidth_bytes_per_s", law.bandwidth_bytes_per_s},
          {"launch_overhead_s", law.launch_overhead_s},
          {"thread_efficiency", law.thread_efficiency},
          {"load_bytes_per_s", law.load_bytes_per_s},
          {"noise_share", law.noise_share},
          {"seed", law.seed},
          {"precisions", precisions}};
}

}  // namespace edgetran::device
