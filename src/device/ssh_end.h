#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/process.h"
#include "device/agent_transport.h"

namespace edgetran::device {

/// Why a run of ssh ended, from its exit status (nullopt: it still runs), its own messages (the
/// file of -E at the level DEBUG1) and what the connection saw. Every case is one line with what
/// to do about it.
TransportEnd ssh_end(const BoardInfo& board, const std::optional<base::ExitStatus>& status,
                     std::string_view log, const base::Error& seen);

}  // namespace edgetran::device
