#include "device/replay_check.h"

#include <fmt/format.h>

#include <utility>

#include "device/replay_table.h"

namespace edgetran::device {

namespace {

using State = CheckLine::State;

CheckLine problem(std::string item, base::Error error) {
  return {std::move(item), State::kMissing, std::move(error.message), std::move(error.hint)};
}

CheckLine deployment_line(const ReplayTable& table, const Card& card, const Deployment& wanted) {
  const std::string item = "deployment " + wanted.name;
  const auto count = table.count(wanted, card.board.replay.device);
  if (!count) return problem(item, count.error());
  if (*count > 0) return {item, State::kOk, fmt::format("{} rows", *count), ""};
  return {item, State::kMissing, fmt::format("{} has no row of it", table.file()),
          "correct runtime, precision, threads, batch and length, or leave it out"};
}

}  // namespace

BoardCheck check_replay(const Card& card) {
  BoardCheck check;
  const auto table = ReplayTable::read(card.board.replay.table);
  if (!table) {
    check.lines.push_back(problem("table", table.error()));
    return check;
  }
  check.lines.push_back(
      {"table", State::kOk, fmt::format("{}, {} rows", table->file(), table->rows().size()), ""});
  for (const Deployment& wanted : card.deployments) {
    check.lines.push_back(deployment_line(*table, card, wanted));
  }
  return check;
}

}  // namespace edgetran::device
