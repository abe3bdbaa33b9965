#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "profile/sensor.h"

namespace edgetran::profile {

/// A sensor's samples with the phase of the session that each was taken in.
struct PowerLog {
  PowerTrace trace;
  std::vector<std::string> phases;  ///< one a sample; empty: not told
};

enum class LogTimeUnit : uint8_t { kSeconds, kMilliseconds, kIso };

/// What the columns of a power meter's log mean.
struct PowerLogFormat {
  std::string time;   ///< name of its column; so are power, volt, ampere and phase
  std::string power;  ///< or volt and ampere
  std::string volt;
  std::string ampere;
  std::string phase;  ///< empty: none
  LogTimeUnit time_unit = LogTimeUnit::kSeconds;
  double unit_w = 1;  ///< watts of one in the column `power`, or of one volt times one ampere
  char separator = ',';
  Boundary boundary = Boundary::kWall;
  double offset_s = 0;  ///< is added to the meter's time to give the session's
};

/// A log as a card declares it (driver `csv`).
struct PowerLogSource {
  std::filesystem::path file;
  PowerLogFormat format;
};

/// Keys `file`, `time`, `time_unit` (s, ms, iso), `power` or `volt` and `ampere`, `unit` (W, mW),
/// `phase`, `separator` (comma, semicolon, tab), `boundary` (required: a log does not say where its
/// meter was), `offset_s`. kUsage at the key.
base::Result<PowerLogSource> read_power_log_source(base::ConfigMap& settings);

/// The trace of a log. Before the line of column names, lines that begin with # and blank lines are
/// passed over; fields follow RFC 4180. A value that is empty, "nan" or "inf" is an invalid sample;
/// gaps stay gaps. kUsage with file and line: no such column, a row of another width, what is
/// neither number nor time, time that goes backwards, no line at all.
base::Result<PowerLog> parse_power_log(std::string_view text, const std::string& name,
                                       const PowerLogFormat& format);

/// As parse_power_log, and kNotFound, kPermission. Logs of more than 1 GiB are refused (kResource).
base::Result<PowerLog> read_power_log(const PowerLogSource& source);

}  // namespace edgetran::profile
