#include "device/card.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.h"
#include "device/card_agent.h"
#include "profile/measure_request.h"

namespace edgetran::device {

namespace {

using base::ConfigMap;
using base::ConfigValue;

constexpr const char* kFormat = "edgetran.device/1";
constexpr int64_t kMaxCores = 4096;

const std::vector<std::string> kPrecisions = {"fp32", "bf16", "fp16"};
/// What every agent may have; a board's own programs come on top.
const std::vector<std::string> kRuntimes = {"openvino", "simulated"};

struct KindName {
  BoardKind kind;
  const char* name;
};
constexpr std::array kKinds = {KindName{BoardKind::kLocal, "local"},
                               KindName{BoardKind::kSimulated, "simulated"},
                               KindName{BoardKind::kReplay, "replay"},
                               KindName{BoardKind::kSsh, "ssh"}, KindName{BoardKind::kTls, "tls"}};

/// Longer than any name that a table has room for.
constexpr size_t kMaxNameCharacters = 100;
/// A name goes to terminals, tables and CSV files as it is.
base::Result<std::string> read_name(const ConfigValue& value, const std::string& key) {
  EDGETRAN_ASSIGN(std::string text, value.as_string());
  if (text.empty()) return base::fail(value.error(key + " is empty"));
  if (text != base::printable(text)) {
    return base::fail(value.error(
        fmt::format("{} {} has a line break, a control character or a mark of direction", key,
                    base::in_quotes(text)),
        "a name is printable text on one line, such as pi-5 or cpu-4t"));
  }
  if (const size_t length = base::count_code_points(text); length > kMaxNameCharacters) {
    return base::fail(value.error(fmt::format("{} has {} characters; at most {} are allowed", key,
                                              length, kMaxNameCharacters),
                                  "what there is to say of a board goes into its description"));
  }
  return text;
}

base::Result<std::string> require_name(ConfigMap& map, const std::string& key) {
  EDGETRAN_ASSIGN(const auto value, map.require(key));
  return read_name(value, key);
}

base::Result<int64_t> require_integer(ConfigMap& map, const std::string& key, int64_t low,
                                      int64_t high) {
  EDGETRAN_ASSIGN(const auto value, map.require(key));
  return value.as_integer(low, high);
}

base::Result<BoardKind> read_kind(const ConfigValue& value) {
  std::vector<std::string> names;
  names.reserve(kKinds.size());
  for (const KindName& known : kKinds) names.emplace_back(known.name);
  EDGETRAN_ASSIGN(const std::string name, value.as_choice(names));
  return std::find_if(kKinds.begin(), kKinds.end(),
                      [&](const KindName& known) { return name == known.name; })
      ->kind;
}

/// The value of a section that boards of `kind` must have and others cannot have.
base::Result<std::optional<ConfigValue>> find_section(ConfigMap& map, const char* key,
                                                      BoardKind kind, BoardKind actual) {
  if (kind == actual) {
    EDGETRAN_ASSIGN(const auto value, map.require(key));
    return value;
  }
  if (const auto value = map.find(key)) {
    return base::fail(value->error(
        fmt::format("a {} board has no section \"{}\"", board_kind_name(actual), key),
        fmt::format("write kind: {}, or leave the section out", board_kind_name(kind))));
  }
  return std::nullopt;
}

base::Status read_sections(ConfigMap& map, BoardInfo& board) {
  EDGETRAN_ASSIGN(const auto law, find_section(map, "law", BoardKind::kSimulated, board.kind));
  if (law) {
    EDGETRAN_ASSIGN(board.law, read_simulated_board_law(*law));
  }
  EDGETRAN_ASSIGN(const auto ssh, find_section(map, "ssh", BoardKind::kSsh, board.kind));
  if (ssh) {
    EDGETRAN_ASSIGN(board.ssh, read_ssh(*ssh));
  }
  EDGETRAN_ASSIGN(const auto tls, find_section(map, "tls", BoardKind::kTls, board.kind));
  if (tls) {
    EDGETRAN_ASSIGN(board.tls, read_tls(*tls));
  }
  return {};
}

/// How its agent is started: for boards that really measure.
base::Status read_agent_keys(ConfigMap& map, BoardInfo& board) {
  const bool measures = board.kind == BoardKind::kLocal || is_remote(board.kind);
  for (const char* key : {"sensors", "meters", "runtimes"}) {
    const auto value = map.find(key);
    if (value && !measures) {
      return base::fail(
          value->error(fmt::format("a {} board has no {}", board_kind_name(board.kind), key),
                       "only boards that really measure have them: kind local, ssh or tls"));
    }
  }
  if (const auto sensors = map.find("sensors")) {
    EDGETRAN_ASSIGN(board.sensors, read_sensors(*sensors));
  }
  if (const auto meters = map.find("meters")) {
    EDGETRAN_ASSIGN(board.meters, read_meters(*meters));
  }
  if (const auto runtimes = map.find("runtimes")) {
    EDGETRAN_ASSIGN(board.runtimes, read_runtimes(*runtimes));
  }
  if (const auto environment = map.find("environment")) {
    EDGETRAN_ASSIGN(board.environment, read_environment(*environment));
  }
  return {};
}

base::Result<BoardInfo> read_board(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  BoardInfo board;
  EDGETRAN_ASSIGN(board.name, require_name(map, "name"));
  EDGETRAN_ASSIGN(const auto kind, map.require("kind"));
  EDGETRAN_ASSIGN(board.kind, read_kind(kind));
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
  if (board.kind == BoardKind::kReplay) {
    EDGETRAN_ASSIGN(board.replay, read_replay_source(map));
  }
  EDGETRAN_TRY(read_sections(map, board));
  EDGETRAN_TRY(read_agent_keys(map, board));
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
                                  board_kind_name(board.kind), deployment.runtime),
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

base::Result<std::string> read_runtime(const ConfigValue& value, const BoardInfo& board) {
  std::vector<std::string> names = kRuntimes;
  names.reserve(names.size() + board.runtimes.size());
  for (const auto& [name, command] : board.runtimes) names.push_back(name);
  auto name = value.as_choice(names);
  if (!name && board.kind != BoardKind::kSimulated) {
    base::Error error = std::move(name).error();
    error.hint += error.hint.empty() ? "" : "; ";
    error.hint += "programs that run models are declared under board.runtimes";
    return base::fail(std::move(error));
  }
  return name;
}

base::Result<Deployment> read_deployment(const ConfigValue& value, const BoardInfo& board) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  Deployment deployment;
  EDGETRAN_ASSIGN(deployment.name, require_name(map, "name"));
  EDGETRAN_ASSIGN(const auto runtime, map.require("runtime"));
  // A table's rows name whatever runtime measured them.
  if (board.kind == BoardKind::kReplay) {
    EDGETRAN_ASSIGN(deployment.runtime, read_name(runtime, "runtime"));
  } else {
    EDGETRAN_ASSIGN(deployment.runtime, read_runtime(runtime, board));
  }
  EDGETRAN_ASSIGN(const auto precision, map.require("precision"));
  EDGETRAN_ASSIGN(deployment.precision, precision.as_choice(kPrecisions));
  EDGETRAN_ASSIGN(deployment.threads, require_integer(map, "threads", 1, board.cores));
  EDGETRAN_ASSIGN(deployment.batch, require_integer(map, "batch", 1, profile::kMaxBatch));
  EDGETRAN_ASSIGN(deployment.length, require_integer(map, "length", 1, profile::kMaxLength));
  if (const auto accelerator = map.find("accelerator")) {
    EDGETRAN_ASSIGN(deployment.accelerator, read_name(*accelerator, "accelerator"));
  }
  EDGETRAN_TRY(map.finish());
  EDGETRAN_TRY(check_simulated(board, deployment, runtime, precision));
  return deployment;
}

}  // namespace

const char* board_kind_name(BoardKind kind) {
  return std::find_if(kKinds.begin(), kKinds.end(),
                      [&](const KindName& known) { return kind == known.kind; })
      ->name;
}

bool is_remote(BoardKind kind) { return kind == BoardKind::kSsh || kind == BoardKind::kTls; }

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
