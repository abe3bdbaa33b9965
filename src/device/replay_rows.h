#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "device/replay_table.h"

namespace edgetran::device {

/// The first line of a table of ours; its format is edgetran.measurements/1.
inline constexpr std::string_view kMeasurementsFormat = "edgetran.measurements/1";

// The two readers behind ReplayTable::parse; each refuses repeated rows.
base::Result<std::vector<ReplayRow>> read_published_rows(std::string_view text,
                                                         const std::string& name);
base::Result<std::vector<ReplayRow>> read_measurement_rows(std::string_view text,
                                                           const std::string& name);

}  // namespace edgetran::device
