#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace edgetran::profile {

/// Whether a record was computed from samples: not one that a table answered, measured or modelled.
bool has_samples(const base::Json& record);

/// Computes every figure of a record anew from its raw samples and returns where the two differ, a
/// sentence each, with the JSON pointer; empty: equal bit for bit. That the samples are not those
/// whose hash the record holds is the first difference. What a director adds to a record of its own
/// knowledge (raw.path, provenance.clock, connection and campaign) is not compared. kCorrupt: the
/// samples cannot be read; kUsage: the record is of a kind or version that has no samples to
/// compute from.
base::Result<std::vector<std::string>> recheck(const base::Json& record, std::string_view raw);

}  // namespace edgetran::profile
