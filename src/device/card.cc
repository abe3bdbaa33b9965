#include "device/card.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace edgetran::device {

namespace {

using base::ConfigMap;
using base::ConfigValue;

constexpr const char* kFormat = "edgetran.device/1";
constexpr int64_t kMaxCores = 4096;
constexpr int64_t kMaxBatch = 4096;
constexpr int64_t kMaxLength = 65536;

const std::vector<std::string> kPrecisions = {"fp32", "bf16"};
const std::vector<std::string> kRuntimes = {"openvino", "simulated"};

base::Result<std::string> require_string(ConfigMap& map, const std::string& key) {
  EDGETRAN_ASSIGN(const auto value, map.require(key));
  EDGETRAN_ASSIGN(std::string text, value.as_string());
  if (text.empty()) return base::fail(value.error(key + " is empty"));
  return text;
}

base::Result<int64_t> require_integer(ConfigMap& map, const std::string& key, int64_t low,
                                      int64_t high) {
  EDGETRAN_ASSIGN(const auto value, map.require(key));
  return value.as_integer(low, high);
}

base::Result<BoardInfo> read_board(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  BoardInfo board;
  EDGETRAN_ASSIGN(board.name, require_string(map, "name"));
  EDGETRAN_ASSIGN(const auto kind, map.require("kind"));
  EDGETRAN_ASSIGN(const std::string kind_name, kind.as_choice({"local", "simulated", "replay"}));
  board.kind = kind_name == "local"       ? BoardKind::kLocal
               : kind_name == "simulated" ? BoardKind::kSimulated
                                          : BoardKind::kReplay;
  if (const auto description = map.find("description")) {
    EDGETRAN_ASSIGN(board.description, description->as_string());
  }
  if (const auto processor = map.find("processor")) {
    EDGETRAN_ASSIGN(board.processor, processor->as_string());
  }
  EDGETRAN_ASSIGN(board.cores, require_integer(map, "cores", 1, kMaxCores));
  if (const auto memory = map.find("memory_bytes")) {
    EDGETRAN_ASSIGN(board.memory_bytes, memory->as_integer(0, INT64_MAX));
  }
  if (board.kind == BoardKind::kSimulated) {
    EDGETRAN_ASSIGN(const auto law, map.require("law"));
    EDGETRAN_ASSIGN(board.law, read_simulated_board_law(law));
  }
  if (board.kind == BoardKind::kReplay) {
    EDGETRAN_ASSIGN(board.replay, read_replay_source(map));
  }
  EDGETRAN_TRY(map.finish());
  return board;
}

base::Status check_simulated(const BoardInfo& board, const Deployment& deployment,
                             const ConfigValue& runtime, const ConfigValue& precision) {
  if (board.kind == BoardKind::kReplay) return {};
  const bool simulated = board.kind == BoardKind::kSimulated;
  if (simulated != (deployment.runtime == "simulated")) {
    return base::fail(
        runtime.error(fmt::format("a {} board cannot use the runtime \"{}\"",
                                  simulated ? "simulated" : "local", deployment.runtime),
                      simulated ? "use runtime: simulated" : "use runtime: openvino"));
  }
  const auto& laws = board.law.precisions;
  const bool has_law = std::any_of(laws.begin(), laws.end(), [&](const PrecisionLaw& law) {
    return law.precision == deployment.precision;
  });
  if (simulated && !has_law) {
    return base::fail(precision.error(
        fmt::format("the board's law has no precision \"{}\"", deployment.precision),
        "add it under law.precisions"));
  }
  return {};
}

base::Result<Deployment> read_deployment(const ConfigValue& value, const BoardInfo& board) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  Deployment deployment;
  EDGETRAN_ASSIGN(deployment.name, require_string(map, "name"));
  EDGETRAN_ASSIGN(const auto runtime, map.require("runtime"));
  // A table's rows name whatever runtime measured them.
  if (board.kind == BoardKind::kReplay) {
    EDGETRAN_ASSIGN(deployment.runtime, runtime.as_string());
  } else {
    EDGETRAN_ASSIGN(deployment.runtime, runtime.as_choice(kRuntimes));
  }
  EDGETRAN_ASSIGN(const auto precision, map.require("precision"));
  EDGETRAN_ASSIGN(
      deployment.precision,
      precision.as_choice(board.kind == BoardKind::kLocal ? kPrecisions : simulated_precisions()));
  EDGETRAN_ASSIGN(deployment.threads, require_integer(map, "threads", 1, board.cores));
  EDGETRAN_ASSIGN(deployment.batch, require_integer(map, "batch", 1, kMaxBatch));
  EDGETRAN_ASSIGN(deployment.length, require_integer(map, "length", 1, kMaxLength));
  EDGETRAN_TRY(map.finish());
  EDGETRAN_TRY(check_simulated(board, deployment, runtime, precision));
  return deployment;
}

}  // namespace

base::Result<Deployment> Card::deployment(const std::string& name) const {
  std::vector<std::string> names;
  for (const Deployment& candidate : deployments) {
    if (candidate.name == name) return candidate;
    names.push_back(candidate.name);
  }
  const auto near = base::nearest_name(name, names);
  return base::fail(base::ErrorCategory::kNotFound,
                    fmt::format("the board \"{}\" has no deployment \"{}\"; it has {}", board.name,
                                name, fmt::join(names, ", ")),
                    near ? fmt::format("did you mean \"{}\"?", *near) : "");
}

base::Result<Card> read_card(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  EDGETRAN_ASSIGN(const auto format, map.require("format"));
  EDGETRAN_TRY(format.as_choice({kFormat}).map([](const std::string&) {}));
  Card card;
  EDGETRAN_ASSIGN(const auto board, map.require("board"));
  EDGETRAN_ASSIGN(card.board, read_board(board));
  EDGETRAN_ASSIGN(const auto deployments, map.require("deployments"));
  EDGETRAN_ASSIGN(const auto list, deployments.as_list());
  EDGETRAN_TRY(map.finish());
  for (const ConfigValue& item : list) {
    EDGETRAN_ASSIGN(Deployment deployment, read_deployment(item, card.board));
    if (card.deployment(deployment.name)) {
      return base::fail(
          item.error(fmt::format("the deployment \"{}\" is listed twice", deployment.name),
                     "give each deployment a name of its own"));
    }
    card.deployments.push_back(std::move(deployment));
  }
  if (card.deployments.empty()) {
    return base::fail(deployments.error("no deployment is listed",
                                        "a board needs at least one way to run a model"));
  }
  return card;
}

base::Result<Card> read_card_file(const std::filesystem::path& path) {
  EDGETRAN_ASSIGN(const ConfigValue value, ConfigValue::read_file(path));
  return read_card(value);
}

}  // namespace edgetran::device
