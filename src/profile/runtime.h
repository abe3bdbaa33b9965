#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "profile/power_recorder.h"
#include "profile/simulated_law.h"
#include "profile/tensor_blob.h"
#include "profile/thermal.h"

namespace edgetran::profile {

/// How a model is to be run. Precision and threads are always explicit.
struct RunSettings {
  std::string precision = "fp32";
  std::string accelerator = "CPU";  ///< of the machine, in the runtime's words
  int64_t threads = 1;
  int64_t batch = 1;
  int64_t length = 64;
  std::optional<SimulatedLaw> law;  ///< simulated runtime only
};

/// How long a model is to be run: until there were `runs` and `seconds`, but no longer than
/// `limit_s` where there were at least `least_runs` by then.
struct RunGoal {
  int64_t runs = 1;
  double seconds = 0;
  double limit_s = 0;  ///< 0: none
  int64_t least_runs = 1;

  bool reached(int64_t done, double elapsed_s) const {
    if (limit_s > 0 && elapsed_s >= limit_s && done >= least_runs) return true;
    return done >= runs && elapsed_s >= seconds;
  }
};

/// A model that is loaded and ready to run.
class CompiledModel {
 public:
  virtual ~CompiledModel() = default;
  /// Names, types and static shapes of the inputs.
  virtual std::vector<TensorInfo> inputs() const = 0;
  /// Sets every input; the bytes are copied. kUsage: missing, unknown, wrong type or shape.
  virtual base::Status set_inputs(const std::vector<Tensor>& tensors) = 0;
  /// One inference: inputs in host memory to outputs in host memory, and nothing else.
  virtual base::Status run() = 0;
  /// Runs until the goal is reached, back to back, and returns the seconds of each inference. A
  /// runtime in another process times them there, so that nothing is sent in between. kInterrupted
  /// on cancel.
  virtual base::Result<std::vector<double>> run_until(const RunGoal& goal, base::Clock& clock,
                                                      const base::CancelToken& cancel);
  /// Outputs of the last run.
  virtual base::Result<std::vector<Tensor>> outputs() const = 0;
  /// Peak of memory where it is not this process's: modelled, or of the process that runs the
  /// model. nullopt: to be measured on this process.
  virtual std::optional<uint64_t> peak_memory_bytes() const { return std::nullopt; }
  /// Bytes that the model holds on an accelerator, where the engine tells.
  virtual std::optional<uint64_t> accelerator_bytes() const { return std::nullopt; }
  /// Precision, threads and the like with which the engine says that it runs; null: it does not
  /// say.
  virtual base::Json settings_in_effect() const { return nullptr; }
};

/// A file of a model in a runtime's own format.
struct ModelFile {
  std::string name;  ///< "model.xml": no folder in it
  std::string bytes;
};

/// An engine that runs models. One object a request; not thread-safe.
class Runtime {
 public:
  virtual ~Runtime() = default;
  /// The clock on which its runs take time.
  virtual base::Clock& clock() = 0;
  /// Exceptions of the engine come back as errors: kCorrupt (not a model), kDevice (no such
  /// device or precision), kUsage (shapes that do not fit), kResource.
  virtual base::Result<std::unique_ptr<CompiledModel>> load(std::string_view model,
                                                            const RunSettings& settings) = 0;
  /// The model, symbolic sizes kept, in the runtime's own file format, for people who deploy with
  /// its tools. kDevice where the runtime has none; kCorrupt (not a model).
  virtual base::Result<std::vector<ModelFile>> convert(std::string_view model);
  /// Whether clock() is the clock of a law and not the machine's.
  virtual bool modelled_time() const { return false; }
  /// The sensors of a modelled board, which are read instead of the machine's; none: it has none,
  /// or is this machine. Asked before load(), with what that will be asked for. They end before the
  /// runtime.
  virtual std::vector<std::unique_ptr<PowerRecorder>> power_recorders(
      const RunSettings& /*settings*/) {
    return {};
  }
  /// How hot and fast a modelled board is now. frequency_share: the mean since the last call.
  /// nullopt: not modelled.
  virtual std::optional<ThermalState> thermal_state() { return std::nullopt; }
};

/// What a runtime says of itself.
struct RuntimeInfo {
  std::string name;
  std::string version;
  bool modelled = false;  ///< its times are a law, not a measurement
  bool available = true;
  std::string reason;  ///< why it is not available
  std::vector<std::string> devices;
  std::vector<std::string> precisions;  ///< of any of the devices
  /// Of each device by its name; empty: every device has them all.
  std::map<std::string, std::vector<std::string>> device_precisions{};
  /// Of the model files that it loads, the preferred first: "onnx", or "edgetran"
  /// (weights/packed_model.h).
  std::vector<std::string> formats{"onnx"};
};

/// One runtime of the agent: how to ask about it and how to make it.
class RuntimeFactory {
 public:
  virtual ~RuntimeFactory() = default;
  virtual RuntimeInfo info() const = 0;
  /// kDevice where the runtime is not available here.
  virtual base::Result<std::unique_ptr<Runtime>> create() const = 0;
};

/// Stands for a runtime that this build or machine lacks: asked for, it says why (kDevice).
std::unique_ptr<RuntimeFactory> unavailable_runtime(std::string name, std::string reason,
                                                    std::string hint);

}  // namespace edgetran::profile
