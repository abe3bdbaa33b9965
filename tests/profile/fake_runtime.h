#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "profile/runtime.h"

namespace edgetran::profile::testing {

/// A runtime whose i-th run takes law(i) seconds on a manual clock.
class FakeRuntime final : public Runtime {
 public:
  using Law = std::function<double(int)>;
  explicit FakeRuntime(Law law, double load_s = 0.5) : law_(std::move(law)), load_s_(load_s) {}

  base::Clock& clock() override { return clock_; }
  base::Result<std::unique_ptr<CompiledModel>> load(std::string_view,
                                                    const RunSettings& settings) override {
    clock_.advance(load_s_);
    return std::make_unique<Model>(*this, settings);
  }
  base::Result<std::vector<ModelFile>> convert(std::string_view model) override {
    return std::vector<ModelFile>{{"model.a", "description"}, {"model.b", std::string(model)}};
  }
  base::ManualClock& manual_clock() { return clock_; }
  int runs() const { return runs_; }
  /// Fails the run with this index.
  int fail_at = -1;

 private:
  class Model final : public CompiledModel {
   public:
    Model(FakeRuntime& owner, const RunSettings& settings) : owner_(owner), settings_(settings) {}
    std::vector<TensorInfo> inputs() const override {
      return {{"input_ids", TensorType::kInt64, {settings_.batch, settings_.length}}};
    }
    base::Status set_inputs(const std::vector<Tensor>& tensors) override {
      set_ = tensors;
      return {};
    }
    base::Status run() override {
      if (owner_.runs_ == owner_.fail_at) {
        return base::fail(base::ErrorCategory::kFailed, "the engine failed");
      }
      owner_.clock_.advance(owner_.law_(owner_.runs_++));
      return {};
    }
    /// Echoes its input.
    base::Result<std::vector<Tensor>> outputs() const override { return set_; }
    std::optional<uint64_t> peak_memory_bytes() const override { return 123; }

   private:
    FakeRuntime& owner_;
    RunSettings settings_;
    std::vector<Tensor> set_;
  };

  base::ManualClock clock_;
  Law law_;
  double load_s_;
  int runs_ = 0;
};

}  // namespace edgetran::profile::testing
