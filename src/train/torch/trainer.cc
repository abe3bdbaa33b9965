#include "train/torch/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "train/schedule.h"
#include "train/torch/dropout.h"
#include "train/torch/interpreter.h"

namespace edgetran::train::torch_engine {
namespace {

using base::ErrorCategory;

// The reported loss averages over about 1 / (1 - kLossDecay) steps.
constexpr double kLossDecay = 0.98;

int64_t budget_of(const TrainJob& job, const Objective& objective) {
  if (job.tokens > 0) return job.tokens;
  const double tokens = job.epochs * static_cast<double>(objective.tokens_in_epoch());
  return std::max<int64_t>(std::llround(tokens), 1);
}

/// The median, after the first tenth was dropped: those steps still warm up caches and allocators.
template <class Rate>
double steady_median(const std::vector<Rate>& rates, double Rate::*member) {
  std::vector<double> values;
  for (size_t i = rates.size() / 10; i < rates.size(); ++i) values.push_back(rates[i].*member);
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

Trainer::Trainer(const TrainJob& job, const Model& model, Objective& objective,
                 const TrainerContext& context)
    : job_(job),
      model_(model),
      objective_(objective),
      context_(context),
      optimizer_(model.graph, to_tensors(model.weights, true), job.settings),
      interpreter_(model.graph, {objective.output()}),
      budget_tokens_(budget_of(job, objective)) {}

int64_t Trainer::stop_tokens() const {
  return job_.until_tokens > 0 ? std::min(job_.until_tokens, budget_tokens_) : budget_tokens_;
}

base::Status Trainer::resume() {
  if (job_.checkpoint.empty()) return {};
  EDGETRAN_ASSIGN(const auto state,
                  read_checkpoint(job_.checkpoint, context_.fingerprint, model_.graph, optimizer_));
  if (!state) return {};
  state_ = *state;
  objective_.seek(state_.cursor);
  saved_step_ = state_.step;
  return {};
}

base::Result<TrainResult> Trainer::run() {
  EDGETRAN_TRY(resume());
  Started started;
  for (const at::Tensor& tensor : parameters()) started.parameters += tensor.numel();
  started.budget_tokens = budget_tokens_;
  started.stop_tokens = stop_tokens();
  started.resumed_step = state_.step;
  context_.events.emit(to_event(started));
  EDGETRAN_TRY(loop());
  TrainResult result;
  result.loss = state_.loss_weight > 0 ? state_.loss_average / state_.loss_weight : 0;
  result.tokens = state_.tokens;
  result.steps = state_.step;
  result.tokens_per_s = steady_median(rates_, &Rate::tokens_per_s);
  result.examples_per_s = steady_median(rates_, &Rate::examples_per_s);
  return result;
}

base::Status Trainer::loop() {
  saved_s_ = reported_s_ = context_.clock.now_s();
  reported_tokens_ = state_.tokens;
  while (state_.tokens < stop_tokens()) {
    if (context_.cancel.requested()) {
      EDGETRAN_TRY(save());
      return base::fail(interrupted());
    }
    EDGETRAN_TRY(train_step());
    if (context_.clock.now_s() - saved_s_ >= job_.settings.checkpoint_interval_s) {
      EDGETRAN_TRY(save());
    }
  }
  return save();
}

base::Status Trainer::train_step() {
  const double begin_s = context_.clock.now_s();
  const StepBatch batch = objective_.next(state_.step);
  const auto budget = static_cast<double>(budget_tokens_);
  const double learning_rate =
      learning_rate_at(job_.settings, static_cast<double>(state_.tokens) / budget,
                       static_cast<double>(state_.tokens + batch.tokens) / budget);
  PassOptions options;
  options.training = true;
  options.dropout = job_.settings.dropout;
  options.dropout_key = derive_key(base::stable_hash("dropout") ^ job_.seed, state_.step);
  options.precision = job_.precision;
  const auto outputs = interpreter_.run(batch.inputs, parameters(), options);
  const at::Tensor loss = objective_.loss(outputs[0], batch.targets);
  const auto value = loss.item<double>();
  if (!std::isfinite(value)) return base::fail(diverged(fmt::format("the loss is {}", value)));
  loss.backward();
  const double norm = optimizer_.step(learning_rate);
  if (!std::isfinite(norm)) {
    return base::fail(diverged(fmt::format("the norm of the gradient is {}", norm)));
  }
  ++state_.step;
  state_.tokens += batch.tokens;
  state_.cursor = objective_.cursor();
  state_.loss_average = kLossDecay * state_.loss_average + (1 - kLossDecay) * value;
  state_.loss_weight = kLossDecay * state_.loss_weight + (1 - kLossDecay);
  const double seconds = std::max(context_.clock.now_s() - begin_s, 1e-9);
  rates_.push_back(
      {static_cast<double>(batch.tokens) / seconds, static_cast<double>(batch.examples) / seconds});
  report_progress(value, learning_rate);
  return {};
}

void Trainer::report_progress(double loss, double learning_rate) {
  const double now_s = context_.clock.now_s();
  const double passed_s = now_s - reported_s_;
  if (passed_s < job_.settings.log_interval_s && state_.tokens < stop_tokens()) return;
  Progress progress;
  progress.step = state_.step;
  progress.tokens = state_.tokens;
  progress.loss = loss;
  progress.learning_rate = learning_rate;
  progress.tokens_per_s =
      static_cast<double>(state_.tokens - reported_tokens_) / std::max(passed_s, 1e-9);
  progress.eta_s = static_cast<double>(std::max<int64_t>(stop_tokens() - state_.tokens, 0)) /
                   std::max(progress.tokens_per_s, 1e-9);
  context_.events.emit(to_event(progress));
  reported_s_ = now_s;
  reported_tokens_ = state_.tokens;
}

base::Status Trainer::save() {
  saved_s_ = context_.clock.now_s();
  if (job_.checkpoint.empty() || saved_step_ == state_.step) return {};
  EDGETRAN_TRY(
      write_checkpoint(job_.checkpoint, context_.fingerprint, model_.graph, state_, optimizer_));
  saved_step_ = state_.step;
  saved_s_ = context_.clock.now_s();
  context_.events.emit(to_event(Checkpointed{state_.step, state_.tokens}));
  return {};
}

base::Error Trainer::diverged(const std::string& what) const {
  const std::string kept = saved_step_ < 0 ? "no checkpoint was written"
                                           : fmt::format("the checkpoint of step {} in {} is good",
                                                         saved_step_, job_.checkpoint.string());
  return {ErrorCategory::kFailed,
          fmt::format("{} at step {}: training diverged", what, state_.step + 1),
          fmt::format("lower learning_rate ({} now) or raise warmup_share; {}",
                      job_.settings.learning_rate, kept)};
}

base::Error Trainer::interrupted() const {
  return {ErrorCategory::kInterrupted,
          fmt::format("cancelled after {} of {} tokens", state_.tokens, stop_tokens()),
          job_.checkpoint.empty() ? "" : "the same job goes on from its checkpoint"};
}

}  // namespace edgetran::train::torch_engine
