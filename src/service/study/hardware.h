#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.h"
#include "base/json.h"
#include "base/result.h"
#include "device/board.h"
#include "device/card.h"
#include "graph/graph.h"
#include "service/request.h"
#include "service/study/study_config.h"
#include "weights/model_folder.h"
#include "weights/weights.h"

namespace edgetran::service {

/// A deployment on a board: what the search calls a device.
struct StudyDevice {
  std::string name;  ///< the deployment's, with "board/" before it where boards share names
  size_t board = 0;
  device::Deployment deployment;
};

/// A model on its way to a device: its graph (with a mask) and weights.
struct DeployableModel {
  const graph::Graph& graph;
  const weights::Weights& weights;
  int64_t vocabulary = 0;
  const weights::ModelInfo& info;  ///< what the graph was built of (weights::build_options)
};

/// What stands for a model's file where nobody reads it.
struct ModelDigest {
  std::string sha256;
  uint64_t bytes = 0;
};

/// The cards that `devices` name ("this-machine" is detected), with batch and length overridden
/// where they are not 0. Notes on what detection left out are sent as messages.
base::Result<std::vector<device::Card>> read_cards(const std::vector<std::string>& devices,
                                                   int64_t batch, int64_t length,
                                                   base::EventSink& events);

/// The boards of a study or a campaign; agents start with the first measurement. Not thread-safe,
/// but calls for devices of different boards may run side by side.
class Hardware {
 public:
  Hardware(std::vector<device::Card> cards, const device::BoardOptions& options);

  const std::vector<StudyDevice>& devices() const { return devices_; }
  base::Result<StudyDevice> device(const std::string& name) const;
  /// A list for study.created: [{"name", "board"{}, "deployment"{}}].
  base::Json devices_json() const;

  /// The model's ONNX file for the device: its batch and length, with a mask.
  base::Result<std::string> export_onnx(const StudyDevice& device,
                                        const DeployableModel& model) const;
  /// The model in the format that the device's runtime prefers among those that we write: ONNX, or
  /// a packed model (weights/packed_model.h). The board is asked; kDevice where it has no such
  /// runtime or we write no format of it.
  base::Result<std::string> export_model(const StudyDevice& device, const DeployableModel& model,
                                         const base::CancelToken& cancel = {}) const;
  /// Its two halves: asking the board, and writing what export_as() of that format gives. A packed
  /// model is the same for every batch and length.
  base::Result<std::string> model_format(const StudyDevice& device,
                                         const base::CancelToken& cancel = {}) const;
  base::Result<std::string> export_as(const std::string& format, const StudyDevice& device,
                                      const DeployableModel& model) const;
  base::Result<device::Measurement> measure(const StudyDevice& device, const DeployableModel& model,
                                            const std::string& model_bytes,
                                            const std::string& profile, uint64_t seed,
                                            Context& context, device::RawSink raw_sink = {});
  /// The same for a device that computes nothing, which needs no file.
  base::Result<device::Measurement> measure(const StudyDevice& device, const DeployableModel& model,
                                            const ModelDigest& digest, const std::string& profile,
                                            uint64_t seed, Context& context);
  /// Logits of tensor-blob inputs (device::Board::run_outputs).
  base::Result<std::string> run_outputs(const StudyDevice& device, const std::string& model_bytes,
                                        int64_t vocabulary, std::string_view inputs,
                                        Context& context);
  /// Whether its board gives figures only, no outputs: simulated and replay boards.
  bool computes_nothing(const StudyDevice& device) const;

 private:
  std::vector<std::unique_ptr<device::Board>> boards_;
  std::vector<StudyDevice> devices_;
};

}  // namespace edgetran::service
