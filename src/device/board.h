#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/event.h"
#include "base/json.h"
#include "base/result.h"
#include "device/card.h"
#include "device/cost_summary.h"
#include "device/patience.h"
#include "device/predictor.h"
#include "device/raw_stream.h"
#include "space/model_spec.h"

namespace edgetran::device {

/// A model to be measured or run. Either `model_path` or `model_bytes` names the ONNX file; its
/// SHA-256 is computed where `sha256` is empty. A board that runs nothing (simulated, replay) does
/// with `sha256` and `model_size` alone.
struct MeasureRequest {
  std::filesystem::path model_path;
  std::string model_bytes;
  std::string sha256;
  std::optional<uint64_t> model_size{};    ///< of the file, where it is not given
  std::optional<CostSummary> cost;         ///< needed by simulated boards
  std::optional<space::ModelSpec> spec{};  ///< needed by replay boards
  int64_t vocabulary = 0;                  ///< token ids are drawn below this
  std::string deployment;                  ///< name on the board's card
  std::string profile = "quick";
  uint64_t seed = 0;
  /// Takes the raw samples while the measurement runs; at its end where meters are joined to them,
  /// or a law makes them. Where it fails (a full disk), the measurement ends with its error; what
  /// it has taken is then to be dropped.
  RawSink raw_sink{};
};

/// A measurement: the record of docs/protocol.md ("kind", "latency", ...) and the raw samples it
/// was computed from (JSONL, profile/recording_text.h). Storing them, and setting raw.path, is the
/// caller's business.
struct Measurement {
  base::Json record;
  std::string raw;
};

/// One board behind one interface, whatever its kind. Not thread-safe; one object a thread.
class Board {
 public:
  virtual ~Board() = default;
  virtual const Card& card() const = 0;

  /// The formats of model files that a runtime of this board loads, the preferred first: "onnx", or
  /// "edgetran" (weights/packed_model.h). A board that runs nothing takes "onnx".
  virtual base::Result<std::vector<std::string>> model_formats(const std::string& runtime,
                                                               const base::CancelToken& cancel);

  /// Measures a model. Events: "phase", and "reconnect" {board, wait_s, text} where the way to a
  /// remote board broke: the measurement goes on after the windows that it has. kUsage: wrong
  /// request; kDevice: no such runtime here, the agent died twice, or the board stays away;
  /// kPermission: it refuses us; kCorrupt: raw samples that are not the record's; kInterrupted on
  /// cancel.
  virtual base::Result<Measurement> measure(const MeasureRequest& request, base::EventSink& events,
                                            const base::CancelToken& cancel) = 0;

  /// Runs the model on given inputs. `inputs` and the result are tensor blobs
  /// (profile/tensor_blob.h): input_ids, token_type_ids, attention_mask [rows, length] int64 with
  /// rows a multiple of the deployment's batch -> logits [rows, labels] float32 and any other
  /// outputs. kDevice on simulated boards, which compute nothing.
  virtual base::Result<std::string> run_outputs(const MeasureRequest& request,
                                                std::string_view inputs,
                                                const base::CancelToken& cancel) = 0;

  /// The model in the file format of the deployment's runtime, by file name (OpenVINO: model.xml
  /// and model.bin). kDevice where the runtime has none, and on simulated boards.
  virtual base::Result<std::map<std::string, std::string>> convert(
      const MeasureRequest& request, const base::CancelToken& cancel) = 0;
};

struct BoardOptions {
  std::filesystem::path agent{};      ///< program; empty: edgetran-agent beside this executable
  std::filesystem::path agent_log{};  ///< the agent's stderr; empty: inherited
  double lease_wait_s = 60;           ///< how long to wait for a board that another process holds
  /// Answers for models that a replay board has no row of; none: they are refused.
  std::shared_ptr<const Predictor> predictor{};
  ReconnectPolicy reconnect{};  ///< remote boards
};

/// A board for this card. Starts nothing yet.
std::unique_ptr<Board> make_board(Card card, BoardOptions options);

}  // namespace edgetran::device
