#include "profile/runtimes/simulated/simulated_runtime.h"

#include <utility>

#include "profile/runtimes/simulated/machine.h"
#include "profile/runtimes/simulated/run_noise.h"
#include "profile/runtimes/simulated/simulated_recorder.h"

namespace edgetran::profile::simulated {

namespace {

class SimulatedModel final : public CompiledModel {
 public:
  SimulatedModel(std::shared_ptr<Machine> machine, const RunSettings& settings)
      : machine_(std::move(machine)),
        memory_bytes_(settings.law->memory_bytes),
        shape_({settings.batch, settings.length}),
        noise_(*settings.law) {}
  ~SimulatedModel() override { machine_->unload(); }
  SimulatedModel(const SimulatedModel&) = delete;
  SimulatedModel& operator=(const SimulatedModel&) = delete;

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
    machine_->run(noise_.next());
    return {};
  }

  base::Result<std::vector<Tensor>> outputs() const override {
    return base::fail(base::ErrorCategory::kDevice, "a simulated device computes no outputs",
                      "run the model on a local board");
  }

  std::optional<uint64_t> peak_memory_bytes() const override { return memory_bytes_; }

 private:
  std::shared_ptr<Machine> machine_;
  uint64_t memory_bytes_;
  std::vector<int64_t> shape_;
  RunNoise noise_;
};

class SimulatedRuntime final : public Runtime {
 public:
  bool modelled_time() const override { return true; }
  base::Clock& clock() override { return machine_->clock(); }

  void expect(const RunSettings& settings) override {
    if (settings.law) machine_->set_law(*settings.law);
  }

  base::Result<std::unique_ptr<CompiledModel>> load(std::string_view /*model*/,
                                                    const RunSettings& settings) override {
    if (!settings.law) {
      return base::fail(base::ErrorCategory::kUsage, "the simulated runtime needs a law",
                        "send \"law\" {mean_s, noise_share, load_s, memory_bytes, seed}");
    }
    machine_->set_law(*settings.law);
    machine_->load();
    return std::make_unique<SimulatedModel>(machine_, settings);
  }

  std::vector<std::unique_ptr<PowerRecorder>> power_recorders() override {
    std::vector<std::unique_ptr<PowerRecorder>> recorders;
    if (machine_->law().power) recorders.push_back(std::make_unique<SimulatedRecorder>(machine_));
    return recorders;
  }

  std::optional<ThermalState> thermal_state() override { return machine_->thermal_state(); }

 private:
  std::shared_ptr<Machine> machine_ = std::make_shared<Machine>();
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
            .precisions = {"fp32", "bf16", "fp16"}};
  }
  base::Result<std::unique_ptr<Runtime>> create() const override {
    return std::make_unique<SimulatedRuntime>();
  }
};

}  // namespace

std::unique_ptr<RuntimeFactory> make_factory() { return std::make_unique<SimulatedFactory>(); }

}  // namespace edgetran::profile::simulated
