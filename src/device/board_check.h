#pragma once

#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/json.h"
#include "base/result.h"
#include "device/board.h"
#include "device/card.h"
#include "wire/hello.h"

namespace edgetran::device {

/// One thing that a card says of its board, held against the board.
struct CheckLine {
  enum class State {
    kOk,
    kWarning,  ///< the board can be used, with less than could be
    kMissing,  ///< what the card declares cannot be used
  };
  std::string item;  ///< "deployment gpu-fp32", "sensor ina219"
  State state = State::kOk;
  std::string message;
  std::string fix;  ///< one line; empty where there is nothing to do
};

struct BoardCheck {
  wire::Hello about;          ///< what the agent says of itself
  base::Json capabilities{};  ///< its reply (docs/protocol.md)
  std::vector<CheckLine> lines{};

  /// Nothing that the card declares is missing.
  bool usable() const;
};

/// What of the card the agent with these capabilities can do: cores, each deployment's runtime,
/// precision and accelerator, declared sensors; and what else it found or could not open. Pure.
std::vector<CheckLine> compare_card(const Card& card, const wire::Hello& about,
                                    const base::Json& capabilities);

/// Reaches the board's agent and compares, and reads each meter of the card for a moment; measures
/// nothing and takes no lease. Errors: as the board's way has them (kDevice, kPermission, with what
/// to do).
base::Result<BoardCheck> check_board(const Card& card, const BoardOptions& options,
                                     const base::CancelToken& cancel);

}  // namespace edgetran::device
