#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "profile/recording.h"

namespace edgetran::profile {

/// The record of a measurement (`edgetran.measurement/2`, docs/protocol.md): every figure, flag and
/// the verdict, computed from the recording alone; the same recording gives the same bytes.
/// Verdict: INVALID where the lease was lost, more than a tenth of the windows were discarded or
/// without energy, or a figure is IMPOSSIBLE; FLAGGED where another flag is set; else VALID. A
/// modelled record holds nothing of the machine or the time at which it was made. At least one
/// measured run.
base::Json make_record(const Recording& recording, const std::string& raw_sha256,
                       uint64_t raw_bytes);

}  // namespace edgetran::profile
