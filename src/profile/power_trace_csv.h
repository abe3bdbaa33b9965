#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "profile/power_log.h"

namespace edgetran::profile {

/// A trace as CSV that spreadsheets read and that comes back exactly: two comment lines, the format
/// and what is known of the sensor as JSON, then
///
///     before_s,after_s,power_w,phase        (a counter: ticks for power_w)
///     0.1,0.1002,35.75,idle
///
/// A sample that failed has an empty value. Watts that are not finite are written as one that
/// failed.
std::string encode_power_trace(const PowerLog& log);
/// Its rows alone from sample `first` on: a trace that is written while it grows begins as
/// encode_power_trace of no samples.
std::string encode_power_rows(const PowerLog& log, size_t first);

/// kCorrupt with the line where the text is not what encode_power_trace writes.
base::Result<PowerLog> decode_power_trace(std::string_view text, const std::string& name);

/// Whole or not at all (base::write_file_atomic).
base::Status write_power_log(const std::filesystem::path& path, const PowerLog& log);

}  // namespace edgetran::profile
