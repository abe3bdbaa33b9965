#include "profile/session.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "base/clock.h"
#include "profile/median_interval.h"
#include "profile/memory.h"
#include "profile/statistics.h"
#include "profile/steady.h"

namespace edgetran::profile {

namespace {

/// The share of the time limit that a warm-up of a slow model may take.
constexpr double kWarmUpShare = 1.0 / 3;
/// Steadiness is looked at so often in a warm-up: each look reads all recent samples, and between
/// looks the runs follow each other as closely as they will in the windows.
constexpr double kLooks = 20;
/// What is left where a limit is over: a limit of 0 would be none.
constexpr double kTinyS = 1e-9;

template <class T>
std::string fill(int64_t count, const std::function<T()>& next) {
  std::string bytes(static_cast<size_t>(count) * sizeof(T), '\0');
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    const T value = next();
    std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
  }
  return bytes;
}

class Session {
 public:
  Session(Runtime& runtime, const SessionRequest& request, const SessionContext& context)
      : runtime_(runtime),
        clock_(runtime.clock()),
        profile_(request.profile),
        request_(request),
        context_(context) {}

  base::Result<SessionResult> run() {
    reset_peak_memory();
    EDGETRAN_TRY(load());
    origin_s_ = clock_.now_s();
    announce("first", 0);
    EDGETRAN_ASSIGN(const auto first, model_->run_until({}, clock_, context_.cancel));
    result_.samples.first_s = first[0];
    announce("warm_up", 0);
    EDGETRAN_TRY(warm_up());
    EDGETRAN_TRY(measure());
    result_.peak_memory_bytes = model_->peak_memory_bytes().value_or(peak_memory_bytes());
    return std::move(result_);
  }

 private:
  void announce(const char* phase, size_t index) {
    context_.events.emit({"phase", {{"phase", phase}, {"index", index}}});
  }

  base::Status load() {
    announce("load", 0);
    const double start_s = clock_.now_s();
    EDGETRAN_ASSIGN(model_, runtime_.load(request_.model, request_.settings));
    result_.samples.load_s = clock_.now_s() - start_s;
    EDGETRAN_ASSIGN(const auto inputs,
                    seeded_inputs(model_->inputs(), request_.vocabulary,
                                  base::RandomStream(request_.seed, "measure.inputs")));
    return model_->set_inputs(inputs);
  }

  /// Runs up to the next look at steadiness, or to the limit of what a warm-up may take.
  base::Status warm_up() {
    auto& seconds = result_.samples.warm_up;
    const double start_s = clock_.now_s();
    const double limit_s = std::min(profile_.warm_up_max_s, profile_.limit_s * kWarmUpShare);
    double next_look_s = profile_.warm_up_min_s;
    while (true) {
      const double elapsed_s = clock_.now_s() - start_s;
      RunGoal goal;
      goal.runs =
          std::max<int64_t>(1, profile_.warm_up_min_runs - static_cast<int64_t>(seconds.size()));
      goal.seconds = next_look_s - elapsed_s;
      goal.limit_s = std::max(profile_.limit_s * kWarmUpShare - elapsed_s, kTinyS);
      EDGETRAN_ASSIGN(const auto runs, model_->run_until(goal, clock_, context_.cancel));
      seconds.insert(seconds.end(), runs.begin(), runs.end());
      const double now_s = clock_.now_s() - start_s;
      if (now_s >= limit_s || is_steady(seconds)) return {};
      next_look_s = now_s + profile_.warm_up_max_s / kLooks;
    }
  }

  base::Status measure() {
    while (!finished()) {
      if (context_.lease_holds && !context_.lease_holds()) {
        result_.lease_lost = true;
        return {};
      }
      announce("window", result_.samples.windows.size());
      EDGETRAN_TRY(window());
    }
    return {};
  }

  /// One window: its least time and runs, or less at the session's limit.
  base::Status window() {
    Window& window = result_.samples.windows.emplace_back();
    window.start_s = clock_.now_s() - origin_s_;
    RunGoal goal;
    goal.runs = profile_.window_min_runs;
    goal.seconds = profile_.window_min_s;
    goal.limit_s = std::max(profile_.limit_s - window.start_s, kTinyS);
    goal.least_runs = static_cast<int64_t>(kMinimumForInterval) - static_cast<int64_t>(measured_);
    EDGETRAN_ASSIGN(window.seconds, model_->run_until(goal, clock_, context_.cancel));
    measured_ += window.seconds.size();
    return {};
  }

  bool out_of_time() const { return clock_.now_s() - origin_s_ >= profile_.limit_s; }

  bool finished() const {
    if (measured_ < kMinimumForInterval) return false;
    if (out_of_time()) return true;
    if (static_cast<int64_t>(result_.samples.windows.size()) < profile_.min_windows) return false;
    if (static_cast<int64_t>(measured_) < profile_.min_samples) return false;
    const auto measured = result_.samples.measured();
    return relative_half_width(*median_interval(measured), median(measured)) <= profile_.half_width;
  }

  Runtime& runtime_;
  base::Clock& clock_;
  const Profile& profile_;
  const SessionRequest& request_;
  const SessionContext& context_;
  std::unique_ptr<CompiledModel> model_;
  SessionResult result_;
  double origin_s_ = 0;
  size_t measured_ = 0;
};

}  // namespace

base::Result<std::vector<Tensor>> seeded_inputs(const std::vector<TensorInfo>& infos,
                                                int64_t vocabulary, base::RandomStream stream) {
  std::vector<Tensor> tensors;
  for (const TensorInfo& info : infos) {
    if (info.type != TensorType::kInt64) {
      return base::fail(base::ErrorCategory::kUsage,
                        fmt::format("input \"{}\" of the model is not int64", info.name));
    }
    std::function<int64_t()> next;
    if (info.name == "input_ids") {
      if (vocabulary < 1) {
        return base::fail(base::ErrorCategory::kUsage, "token ids need a vocabulary of at least 1",
                          "set \"vocabulary\"");
      }
      next = [&] { return static_cast<int64_t>(stream.below(static_cast<uint64_t>(vocabulary))); };
    } else if (info.name == "token_type_ids" || info.name == "attention_mask") {
      const int64_t value = info.name == "attention_mask" ? 1 : 0;
      next = [value] { return value; };
    } else {
      return base::fail(base::ErrorCategory::kUsage,
                        fmt::format("the model has an input \"{}\"; known are input_ids, "
                                    "token_type_ids and attention_mask",
                                    info.name));
    }
    tensors.push_back({info, fill<int64_t>(info.elements(), next)});
  }
  return tensors;
}

base::Result<SessionResult> run_session(Runtime& runtime, const SessionRequest& request,
                                        const SessionContext& context) {
  return Session(runtime, request, context).run();
}

}  // namespace edgetran::profile
