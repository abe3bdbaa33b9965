#include <fmt/format.h>

#include "device/card.h"

namespace edgetran::device {

namespace {

using base::Json;

/// A scalar as YAML: JSON's spelling of strings and numbers is also YAML's.
std::string yaml_scalar(const Json& value) { return base::dump_json(value); }

/// A word of our formats plain, any other text as a string.
std::string yaml_key(const std::string& key) {
  const bool plain =
      !key.empty() && key.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos;
  return plain ? key : yaml_scalar(key);
}

bool is_scalar(const Json& value) { return !value.is_object() && !value.is_array(); }

void write_yaml(const Json& value, const std::string& indent, std::string& text);

void write_list(const Json& list, const std::string& indent, std::string& text) {
  for (const Json& element : list) {
    if (!element.is_object() || element.empty()) {
      text += fmt::format("{}  - {}\n", indent, yaml_scalar(element));
      continue;
    }
    std::string block;
    write_yaml(element, indent + "    ", block);
    block.replace(indent.size() + 2, 2, "- ");
    text += block;
  }
}

void write_yaml(const Json& value, const std::string& indent, std::string& text) {
  for (const auto& [key, item] : value.items()) {
    text += fmt::format("{}{}:", indent, yaml_key(key));
    // What is empty would read back as null; JSON's spelling of it is YAML's too.
    if (is_scalar(item) || item.empty()) {
      text += fmt::format(" {}\n", yaml_scalar(item));
    } else if (item.is_object()) {
      text += '\n';
      write_yaml(item, indent + "  ", text);
    } else {
      text += '\n';
      write_list(item, indent, text);
    }
  }
}

Json deployment_json(const Deployment& deployment) {
  Json json = {{"name", deployment.name},           {"runtime", deployment.runtime},
               {"precision", deployment.precision}, {"threads", deployment.threads},
               {"batch", deployment.batch},         {"length", deployment.length}};
  if (deployment.accelerator != Deployment{}.accelerator) {
    json["accelerator"] = deployment.accelerator;
  }
  return json;
}

Json board_json(const BoardInfo& info) {
  Json board = {{"name", info.name}, {"kind", board_kind_name(info.kind)}};
  if (!info.description.empty()) board["description"] = info.description;
  if (!info.processor.empty()) board["processor"] = info.processor;
  board["cores"] = info.cores;
  if (info.memory_bytes > 0) board["memory_bytes"] = info.memory_bytes;
  if (info.kind == BoardKind::kSsh) board["ssh"] = ssh_json(info.ssh);
  if (info.kind == BoardKind::kTls) board["tls"] = tls_json(info.tls);
  if (!info.sensors.empty()) board["sensors"] = info.sensors;
  if (!info.meters.empty()) board["meters"] = meters_json(info.meters);
  if (!info.runtimes.empty()) board["runtimes"] = info.runtimes;
  if (!info.environment.empty()) board["environment"] = info.environment;
  if (info.kind == BoardKind::kSimulated) board["law"] = simulated_board_law_json(info.law);
  if (info.kind == BoardKind::kReplay) write_replay_source(info.replay, board);
  return board;
}

}  // namespace

Json card_json(const Card& card) {
  Json deployments = Json::array();
  for (const Deployment& deployment : card.deployments) {
    deployments.push_back(deployment_json(deployment));
  }
  return {{"format", "edgetran.device/1"},
          {"board", board_json(card.board)},
          {"deployments", deployments}};
}

std::string card_yaml(const Card& card) {
  std::string text;
  write_yaml(card_json(card), "", text);
  return text;
}

}  // namespace edgetran::device
