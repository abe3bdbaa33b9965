#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "base/result.h"
#include "device/card_connection.h"
#include "device/card_meter.h"
#include "device/replay_source.h"
#include "device/simulated_law.h"

namespace edgetran::device {

/// How a model is run on a board. With the board it makes one "device" of a search.
struct Deployment {
  std::string name;       ///< "cpu-2t-bf16"; unique on its board
  std::string runtime;    ///< "openvino", "simulated", or a name of BoardInfo::runtimes
  std::string precision;  ///< "fp32", "bf16" or "fp16"; always set, never the engine's choice
  int64_t threads = 1;
  int64_t batch = 1;
  int64_t length = 64;              ///< tokens a row
  std::string accelerator = "CPU";  ///< the runtime's name of what computes: "CPU", "GPU", "NPU"
};

enum class BoardKind {
  kLocal,      ///< this machine
  kSimulated,  ///< a law
  kReplay,     ///< a table of measurements
  kSsh,        ///< a machine behind the system's ssh
  kTls,        ///< a machine whose agent listens, both sides with certificates
};

/// "local", "simulated", "replay", "ssh", "tls": as cards and lists spell it.
const char* board_kind_name(BoardKind kind);
/// Whether its agent runs on another machine, so that the way to it can break.
bool is_remote(BoardKind kind);

/// Hardware by name.
struct BoardInfo {
  std::string name;
  BoardKind kind = BoardKind::kLocal;
  std::string description;
  std::string processor;  ///< model name, empty where not known
  int64_t cores = 1;
  int64_t memory_bytes = 0;  ///< 0: not known
  SimulatedBoardLaw law;     ///< kSimulated only
  ReplaySource replay{};     ///< kReplay only
  SshSettings ssh{};         ///< kSsh only
  TlsSettings tls{};         ///< kTls only
  /// Sensors that no agent can find: {"driver": name, and its settings}. Behind TLS, where the
  /// agent runs already, what it must have been started with; so are `runtimes`.
  std::vector<base::Json> sensors{};
  /// Power meters that are read here while the board measures (meters.h).
  std::vector<Meter> meters{};
  std::map<std::string, std::string> runtimes{};     ///< name to command: programs that run models
  std::map<std::string, std::string> environment{};  ///< supply, cooling, ...: for the provenance
};

/// A board and its deployments: the file `edgetran.device/1` (schemas/device.schema.json).
struct Card {
  BoardInfo board;
  std::vector<Deployment> deployments;

  /// kNotFound with the nearest name.
  base::Result<Deployment> deployment(const std::string& name) const;
};

/// Strict: unknown keys, kinds, sensors and runtimes (the nearest is named), repeated deployment
/// names, a precision without a law and more threads than cores are usage errors with
/// file:line:column and a caret.
base::Result<Card> read_card(const base::ConfigValue& value);
base::Result<Card> read_card_file(const std::filesystem::path& path);

/// The card as read_card reads it.
base::Json card_json(const Card& card);
/// The same as YAML, for `edgetran device list --detect`.
std::string card_yaml(const Card& card);

}  // namespace edgetran::device
