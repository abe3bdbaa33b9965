#pragma once

// The text of one line of the log: a JSON object whose last member is the CRC-32 of all bytes
// before it, as eight hex digits: {..., "crc":"0123abcd"}.

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "store/event_log.h"

namespace edgetran::store {

/// Format of the log, in its first line. A change that an older program cannot read raises it.
inline constexpr std::string_view kLogFormat = "edgetran.events/1";

/// `object` as a line with its CRC and line end.
std::string seal_line(const base::Json& object);

/// True when `line` (without its end) carries the CRC of its own bytes.
bool is_sealed(std::string_view line);

base::Json event_json(const StoredEvent& event);

/// The event of a sealed line; kCorrupt where members are missing or of another kind.
base::Result<StoredEvent> read_event_line(std::string_view line, int64_t number,
                                          std::string_view name);

}  // namespace edgetran::store
