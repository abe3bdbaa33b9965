#include "profile/runtimes/simulated/simulated_runtime.h"

#include <cmath>
#include <utility>

#include "base/random.h"

namespace edgetran::profile::simulated {

namespace {

class SimulatedModel final : public CompiledModel {
 public:
  SimulatedModel(base::ManualClock& clock, const RunSettings& settings)
      : clock_(clock),
        law_(*settings.law),
        shape_({settings.batch, settings.length}),
        noise_(law_.seed, "simulated.noise") {}

  std::vector<TensorInfo> inputs() const override {
    return {{"input_ids", TensorType::kInt64, shape_},
            {"token_type_ids", TensorType::kInt64, shape_}};
  }

  base::Status set_inputs(const std::vector<Tensor>& tensors) override {
    for (const Tensor& tensor : tensors) {
      if (tensor.info.shape != shape_) {
        return base::fail(base::ErrorCategory::kUsage,
                          "input \"" + tensor.info.name + "\" is not [batch, length]");
      }
    }
    return {};
  }

  base::Status run() override {
    // A stream a run, so that a run's time depends on its index and not on what was drawn before.
    auto stream = noise_.derive("run", next_run_++);
    const double share = law_.noise_share;
    clock_.advance(law_.mean_s * std::exp(share * stream.normal() - share * share / 2));
    return {};
  }

  base::Result<std::vector<Tensor>> outputs() const override {
    return base::fail(base::ErrorCategory::kDevice, "a simulated device computes no outputs",
                      "run the model on a local board");
  }

  std::optional<uint64_t> peak_memory_bytes() const override { return law_.memory_bytes; }

 private:
  base::ManualClock& clock_;
  SimulatedLaw law_;
  std::vector<int64_t> shape_;
  base::RandomStream noise_;
  uint64_t next_run_ = 0;
};

class SimulatedRuntime final : public Runtime {
 public:
  base::Clock& clock() override { return clock_; }

  base::Result<std::unique_ptr<CompiledModel>> load(std::string_view /*model*/,
                                                    const RunSettings& settings) override {
    if (!settings.law) {
      return base::fail(base::ErrorCategory::kUsage, "the simulated runtime needs a law",
                        "send \"law\" {mean_s, noise_share, load_s, memory_bytes, seed}");
    }
    clock_.advance(settings.law->load_s);
    return std::make_unique<SimulatedModel>(clock_, settings);
  }

 private:
  base::ManualClock clock_;
};

class SimulatedFactory final : public RuntimeFactory {
 public:
  RuntimeInfo info() const override {
    return {.name = "simulated",
            .version = "1",
            .modelled = true,
            .available = true,
            .reason = "",
            .devices = {"law"},
            .precisions = {"fp32", "bf16"}};
  }
  base::Result<std::unique_ptr<Runtime>> create() const override {
    return std::make_unique<SimulatedRuntime>();
  }
};

}  // namespace

std::unique_ptr<RuntimeFactory> make_factory() { return std::make_unique<SimulatedFactory>(); }

}  // namespace edgetran::profile::simulated
