#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "profile/power_domains.h"
#include "profile/power_recorder.h"
#include "profile/recording.h"
#include "profile/runtime.h"

namespace edgetran::profile {

/// The sensors of a session: what is read, what makes the totals, and what is left out.
struct PowerPlan {
  std::vector<std::unique_ptr<PowerRecorder>> recorders;
  std::vector<PowerTotal> totals;          ///< of recorders
  std::vector<SensorPair> pairs;           ///< of recorders
  base::Json notes = base::Json::array();  ///< [{"sensor", "message", "fix"}]
};

/// Sensors by index that a session reads: every part of a total, and of the others those that
/// measure what a part of a total does in the other way (counter or gauge), to be compared with it.
struct ChosenSensors {
  std::vector<size_t> sensors;  ///< ascending
  std::vector<PowerTotal> totals;
  std::vector<SensorPair> pairs;  ///< both: indices into `sensors`
};
ChosenSensors choose_sensors(const std::vector<SensorInfo>& infos, const PowerDomains& domains);

/// Of a modelled board: every sensor that its law gives it.
base::Result<PowerPlan> modelled_plan(Runtime& runtime, const RunSettings& settings);

/// "powercap-rapl/package-0", for messages.
std::string sensor_name(const SensorInfo& info);

}  // namespace edgetran::profile
