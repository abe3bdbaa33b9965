// device check
#include <fmt/format.h>

#include "base/text.h"
#include "device/board_check.h"
#include "service/operations.h"
#include "service/study/hardware.h"

namespace edgetran::service {

namespace {

using base::Json;
using base::Result;
using device::CheckLine;

struct CheckRequest {
  std::string card;
};

const char* state_name(CheckLine::State state) {
  switch (state) {
    case CheckLine::State::kOk:
      return "ok";
    case CheckLine::State::kWarning:
      return "warning";
    case CheckLine::State::kMissing:
      break;
  }
  return "missing";
}

std::string check_text(const device::Card& card, const device::BoardCheck& check) {
  std::string text =
      fmt::format("{} ({}): {}\n", card.board.name, device::board_kind_name(card.board.kind),
                  check.usable() ? "can be used" : "cannot be used as its card says");
  for (const CheckLine& line : check.lines) {
    // Words of another machine may not steer the terminal.
    text += fmt::format("{:<8} {}: {}\n", state_name(line.state), base::printable(line.item),
                        base::printable(line.message));
    if (!line.fix.empty()) text += fmt::format("{:<8}   fix: {}\n", "", base::printable(line.fix));
  }
  return text;
}

Result<Reply> check(Context& context, const CheckRequest& request) {
  EDGETRAN_ASSIGN(const auto cards, read_cards({request.card}, 0, 0, context.events));
  const device::Card& card = cards.front();
  EDGETRAN_ASSIGN(
      const auto found,
      device::check_board(card, {.agent = context.programs / "edgetran-agent"}, context.cancel));
  Json lines = Json::array();
  for (const CheckLine& line : found.lines) {
    lines.push_back({{"item", line.item},
                     {"state", state_name(line.state)},
                     {"message", line.message},
                     {"fix", line.fix}});
  }
  Reply reply;
  reply.data = {
      {"board", card.board.name},
      {"kind", device::board_kind_name(card.board.kind)},
      {"usable", found.usable()},
      {"agent", wire::hello_json(found.about)},
      // A board without an agent (replay) has no host.
      {"host", found.capabilities.is_object() ? found.capabilities.value("host", Json::object())
                                              : Json::object()},
      {"checks", std::move(lines)}};
  reply.text = check_text(card, found);
  if (!found.usable()) reply.outcome = base::ErrorCategory::kDevice;
  return reply;
}

}  // namespace

std::vector<Operation> device_check_operations() {
  base::Settings<CheckRequest> settings;
  settings.string("card", &CheckRequest::card, "Card file, or this-machine");
  return {operation("device check", "Reach a board and hold its card against what it has", settings,
                    {"card"}, {}, check)};
}

}  // namespace edgetran::service
