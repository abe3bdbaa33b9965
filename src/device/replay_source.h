#pragma once

#include <filesystem>
#include <string>

#include "base/config.h"
#include "base/json.h"
#include "base/result.h"
#include "profile/sensor.h"

namespace edgetran::device {

/// Where a replay board's answers come from: the keys `table`, `device` and `boundary` of its card.
struct ReplaySource {
  std::filesystem::path table;  ///< as read: seen from the card's folder; here: from this process's
  std::string device;           ///< label of the rows to use; empty: the table has one device only
  /// What the table's energy covers, for tables that do not say (the published ones).
  profile::Boundary boundary = profile::Boundary::kEstimate;
};

/// Takes its keys from the map `board` of a card. Whether the table is there shows at the first
/// measurement.
base::Result<ReplaySource> read_replay_source(base::ConfigMap& board);
/// Adds them to the JSON of the map `board`.
void write_replay_source(const ReplaySource& source, base::Json& board);

}  // namespace edgetran::device
