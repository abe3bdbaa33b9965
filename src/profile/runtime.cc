#include "profile/runtime.h"

#include <string_view>
#include <utility>
#include <vector>

namespace edgetran::profile {

namespace {

class UnavailableRuntime final : public RuntimeFactory {
 public:
  UnavailableRuntime(std::string name, std::string reason, std::string hint)
      : name_(std::move(name)), reason_(std::move(reason)), hint_(std::move(hint)) {}

  RuntimeInfo info() const override {
    RuntimeInfo info;
    info.name = name_;
    info.available = false;
    info.reason = reason_;
    return info;
  }
  base::Result<std::unique_ptr<Runtime>> create() const override {
    return base::fail(base::ErrorCategory::kDevice, reason_, hint_);
  }

 private:
  std::string name_;
  std::string reason_;
  std::string hint_;
};

}  // namespace

base::Result<std::vector<double>> CompiledModel::run_until(const RunGoal& goal, base::Clock& clock,
                                                           const base::CancelToken& cancel) {
  std::vector<double> seconds;
  const double begin_s = clock.now_s();
  do {
    if (cancel.requested()) {
      return base::fail(base::ErrorCategory::kInterrupted, "measuring was cancelled");
    }
    const double start_s = clock.now_s();
    auto status = run();
    const double end_s = clock.now_s();
    if (!status) return base::fail(std::move(status).error());
    seconds.push_back(end_s - start_s);
  } while (!goal.reached(static_cast<int64_t>(seconds.size()), clock.now_s() - begin_s));
  return seconds;
}

base::Result<std::vector<ModelFile>> Runtime::convert(std::string_view /*model*/) {
  return base::fail(base::ErrorCategory::kDevice, "this runtime has no file format of its own",
                    "deploy the ONNX file");
}

std::vector<std::unique_ptr<PowerRecorder>> Runtime::power_recorders(
    const RunSettings& /*settings*/) {
  return {};
}

std::unique_ptr<RuntimeFactory> unavailable_runtime(std::string name, std::string reason,
                                                    std::string hint) {
  return std::make_unique<UnavailableRuntime>(std::move(name), std::move(reason), std::move(hint));
}

}  // namespace edgetran::profile
