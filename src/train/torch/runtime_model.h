#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "train/torch/engine.h"
#include "train/torch/interpreter.h"
#include "weights/packed_model.h"

namespace edgetran::train::torch_engine {

/// How a model is to be run: the fields of `load` (docs/protocol.md, "Runtime").
struct RuntimeSettings {
  std::string precision = "fp32";
  std::string accelerator = "CPU";
  int64_t threads = 1;
  int64_t batch = 1;
  int64_t length = 64;
};

/// How long: the fields of `run`.
struct RuntimeGoal {
  int64_t runs = 1;
  double seconds = 0;
  double limit_s = 0;  ///< 0: none
  int64_t least_runs = 1;
};

/// A device of this machine: its name ("CPU", "CUDA") and what it computes in at full speed.
struct RuntimeDevice {
  std::string name;
  std::vector<std::string> precisions;
};
std::vector<RuntimeDevice> runtime_devices();

/// Weights as inference wants them: on the device, and with bf16 those that only linear layers read
/// in bfloat16 already, so that no run converts them.
std::vector<at::Tensor> inference_parameters(const graph::Graph& graph,
                                             const weights::Weights& weights, at::Device device,
                                             Precision precision);

/// A packed model that is loaded, for inference: without dropout and without gradients. Not
/// thread-safe. No exception of the engine leaves it: running out of memory is kResource.
class RuntimeModel {
 public:
  /// kCorrupt, kUsage: bytes that are no such model, or sizes beyond it; kDevice: no such device,
  /// or one without the precision.
  static base::Result<std::unique_ptr<RuntimeModel>> load(std::string bytes,
                                                          const RuntimeSettings& settings);

  /// The list `inputs` of the reply to `load`.
  base::Json inputs_json() const;
  /// What the engine runs with, read back from it.
  base::Json settings_json() const;

  /// A tensor blob with every input in its shape, values within the model's.
  base::Status set_inputs(std::string blob);
  /// Seconds of each inference, from token ids in host memory to outputs in host memory; on another
  /// device both ends wait for it. kInterrupted on cancel, looked for between two.
  base::Result<std::vector<double>> run(const RuntimeGoal& goal, const base::Clock& clock,
                                        const base::CancelToken& cancel);
  /// The outputs of the last inference as a tensor blob.
  base::Result<std::string> outputs() const;

 private:
  RuntimeModel(weights::PackedModel model, RuntimeSettings settings, at::Device device);
  base::Status check_inputs(const weights::SafetensorsFile& file) const;
  void infer();

  weights::PackedModel model_;
  RuntimeSettings settings_;
  at::Device device_;
  Precision precision_;
  std::vector<std::string> output_names_;
  Interpreter interpreter_;
  std::vector<at::Tensor> parameters_;
  std::vector<at::Tensor> inputs_;   ///< in host memory
  std::vector<at::Tensor> outputs_;  ///< in host memory
};

}  // namespace edgetran::train::torch_engine
