#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "profile/host.h"
#include "profile/measure_request.h"
#include "profile/session.h"

namespace edgetran::profile {

/// What a record is made of besides the samples.
struct RecordParts {
  const AgentMeasure& request;
  const SessionResult& result;
  const RuntimeInfo& runtime;
  const HostInfo& host;  ///< read before the session
  uint64_t model_bytes = 0;
  std::string raw_sha256;
  uint64_t raw_bytes = 0;
  double unix_time_s = 0;
};

/// The record of one measurement (`edgetran.measurement/1`, docs/protocol.md). Energy and power are
/// null with a reason: this program reads no power sensor. Verdict: INVALID where the lease was
/// lost, FLAGGED where a flag is set, else VALID. A modelled record holds nothing of the machine or
/// the time at which it was made: the same request gives the same bytes.
base::Json make_record(const RecordParts& parts);

}  // namespace edgetran::profile
