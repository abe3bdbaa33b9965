#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "device/board.h"
#include "device/predictor.h"
#include "device/replay_table.h"

namespace edgetran::device {

/// The answer of a published table: kind "replayed", a sequence's figures times the batch, no
/// interval (flag NO_INTERVAL), energy gross with the card's boundary, peak power of a bandwidth
/// that is not known. IMPOSSIBLE and INVALID where the mean power is above the peak. The raw file
/// is the row; provenance.table names the file, its SHA-256 and the row.
Measurement published_record(const ReplayTable& table, const ReplayRow& row, const Card& card,
                             const Deployment& deployment);

/// The answer of a table of ours: of the rows of one model in one setting the one whose median is
/// the middle of theirs (of two, the smaller), with its own intervals and flags, labelled for this
/// card. What was measured is "replayed" now; what was modelled stays "modelled". `rows` not empty.
Measurement measurements_record(const ReplayTable& table, const std::vector<const ReplayRow*>& rows,
                                const Card& card, const Deployment& deployment);

/// The answer of a predictor: kind "modelled". kFailed where its figures are not finite, not
/// positive, or out of order.
base::Result<Measurement> predicted_record(const Prediction& prediction, const std::string& name,
                                           const Card& card, const Deployment& deployment);

}  // namespace edgetran::device
