#include <fmt/format.h>

#include "device/card.h"

namespace edgetran::device {

namespace {

using base::Json;

/// A scalar as YAML: JSON's spelling of strings and numbers is also YAML's.
std::string yaml_scalar(const Json& value) { return base::dump_json(value); }

void write_yaml(const Json& value, const std::string& indent, std::string& text) {
  for (const auto& [key, item] : value.items()) {
    if (item.is_object()) {
      text += fmt::format("{}{}:\n", indent, key);
      write_yaml(item, indent + "  ", text);
    } else if (item.is_array()) {
      text += fmt::format("{}{}:\n", indent, key);
      for (const Json& element : item) {
        std::string block;
        write_yaml(element, indent + "    ", block);
        block.replace(indent.size() + 2, 2, "- ");
        text += block;
      }
    } else {
      text += fmt::format("{}{}: {}\n", indent, key, yaml_scalar(item));
    }
  }
}

}  // namespace

std::string_view board_kind_name(BoardKind kind) {
  switch (kind) {
    case BoardKind::kLocal:
      return "local";
    case BoardKind::kSimulated:
      return "simulated";
    case BoardKind::kReplay:
      return "replay";
  }
  return "";
}

Json card_json(const Card& card) {
  const BoardInfo& info = card.board;
  const bool simulated = info.kind == BoardKind::kSimulated;
  Json board = {{"name", info.name}, {"kind", board_kind_name(info.kind)}};
  if (!info.description.empty()) board["description"] = info.description;
  if (!info.processor.empty()) board["processor"] = info.processor;
  board["cores"] = info.cores;
  if (info.memory_bytes > 0) board["memory_bytes"] = info.memory_bytes;
  if (simulated) board["law"] = simulated_board_law_json(info.law);
  if (info.kind == BoardKind::kReplay) write_replay_source(info.replay, board);
  Json deployments = Json::array();
  for (const Deployment& deployment : card.deployments) {
    deployments.push_back({{"name", deployment.name},
                           {"runtime", deployment.runtime},
                           {"precision", deployment.precision},
                           {"threads", deployment.threads},
                           {"batch", deployment.batch},
                           {"length", deployment.length}});
  }
  return {{"format", "edgetran.device/1"}, {"board", board}, {"deployments", deployments}};
}

std::string card_yaml(const Card& card) {
  std::string text;
  write_yaml(card_json(card), "", text);
  return text;
}

}  // namespace edgetran::device
