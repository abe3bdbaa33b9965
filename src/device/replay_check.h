#pragma once

#include "device/board_check.h"
#include "device/card.h"

namespace edgetran::device {

/// A replay board's card held against its table: whether it can be read, and what it has for each
/// deployment. Asks no agent: `about` and `capabilities` stay empty.
BoardCheck check_replay(const Card& card);

}  // namespace edgetran::device
