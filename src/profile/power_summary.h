#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "profile/recording.h"

namespace edgetran::profile {

/// What a recording says about energy and power.
struct PowerSummary {
  base::Json energy;   ///< null: see reason
  base::Json power;    ///< null: see reason
  std::string reason;  ///< why there is none
  std::vector<std::string> flags;
  bool invalid = false;  ///< more than a tenth of the windows have a fault
};

/// Gross and net energy of an inference with the four uncertainties, mean, idle and peak power
/// (profiling.md, sections 2 to 6; docs/protocol.md has the fields). Pure: the same recording gives
/// the same bytes.
PowerSummary summarise_power(const Recording& recording);

/// Relative half-width of the 95 % interval of the mean gross energy of an inference, from the
/// windows' energies for `runs` inferences each (Student's t). nullopt for fewer than two windows.
std::optional<double> energy_half_width(const std::vector<double>& joules_per_run);

}  // namespace edgetran::profile
