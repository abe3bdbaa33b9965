#include "device/board.h"

#include <utility>

#include "base/process.h"
#include "device/agent_board.h"
#include "device/replay_board.h"

namespace edgetran::device {

std::unique_ptr<Board> make_board(Card card, BoardOptions options) {
  if (options.agent.empty()) options.agent = base::executable_folder() / "edgetran-agent";
  if (card.board.kind == BoardKind::kReplay) {
    return std::make_unique<ReplayBoard>(std::move(card), std::move(options));
  }
  if (card.board.kind == BoardKind::kSimulated) {
    return std::make_unique<SimulatedBoard>(std::move(card), std::move(options));
  }
  return std::make_unique<RealBoard>(std::move(card), std::move(options));
}

}  // namespace edgetran::device
