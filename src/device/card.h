#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "base/result.h"
#include "device/replay_source.h"
#include "device/simulated_law.h"

namespace edgetran::device {

/// How a model is run on a board. With the board it makes one "device" of a search.
struct Deployment {
  std::string name;       ///< "cpu-2t-bf16"; unique on its board
  std::string runtime;    ///< "openvino", "simulated"
  std::string precision;  ///< "fp32", "bf16" or "fp16"; always set, never the engine's choice
  int64_t threads = 1;
  int64_t batch = 1;
  int64_t length = 64;  ///< tokens a row
};

enum class BoardKind { kLocal, kSimulated, kReplay };
/// As cards spell it.
std::string_view board_kind_name(BoardKind kind);

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
};

/// A board and its deployments: the file `edgetran.device/1` (schemas/device.schema.json).
struct Card {
  BoardInfo board;
  std::vector<Deployment> deployments;

  /// kNotFound with the nearest name.
  base::Result<Deployment> deployment(const std::string& name) const;
};

/// Strict: unknown keys, repeated deployment names, a precision without a law and more threads than
/// cores are usage errors with file:line:column and a caret.
base::Result<Card> read_card(const base::ConfigValue& value);
base::Result<Card> read_card_file(const std::filesystem::path& path);

/// The card as read_card reads it.
base::Json card_json(const Card& card);
/// The same as YAML, for `edgetran device list --detect`.
std::string card_yaml(const Card& card);

}  // namespace edgetran::device
