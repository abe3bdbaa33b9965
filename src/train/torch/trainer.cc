#include "train/torch/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "train/schedule.h"
#include "train/torch/device.h"
#include "train/torch/dropout.h"

namespace edgetran::train::torch_engine {
namespace {

// The reported loss averages over about 1 / (1 - kLossDecay) steps.
constexpr double kLossDecay = 0.98;
// A mean loss so many times above guessing means exploded weights: healthy training starts near
// one, and single bad rows do not move a mean over fifty steps that far.
constexpr double kExplosion = 10;
constexpr const char* kNotFinite = "a weight or a moment is not finite";

int64_t budget_of(const TrainJob& job, const Objective& objective) {
  if (job.tokens > 0) return job.tokens;
  const double tokens = job.epochs * static_cast<double>(objective.tokens_in_epoch());
  return std::max<int64_t>(std::llround(tokens), 1);
}

std::vector<double> rate_factors(const TrainJob& job, const Model& model) {
  const auto depth = static_cast<int64_t>(model.info.spec.layers.size());
  std::vector<double> factors;
  for (const graph::Parameter& parameter : model.graph.parameters()) {
    factors.push_back(layer_rate_factor(parameter.name, depth, job.settings.layer_decay));
  }
  return factors;
}

}  // namespace

Trainer::Trainer(const TrainJob& job, Model& model, Objective& objective,
                 const TrainerContext& context)
    : job_(job),
      objective_(objective),
      context_(context),
      optimizer_(model.graph, trainable(to_tensors(model.weights, false), context.device),
                 job.settings),
      interpreter_(model.graph, objective.outputs()),
      feed_(objective),
      best_(job.checkpoint, {"", &model.graph, &optimizer_}),
      budget_tokens_(budget_of(job, objective)),
      guess_loss_(objective.guess_loss()),
      pace_(context.events, context.clock, job.settings.log_interval_s) {
  model.weights = {};  // the tensors hold them now
  optimizer_.set_rate_factors(rate_factors(job, model));
  parts_.push_back({"", &model.graph, &optimizer_});
  if (Companion* companion = objective.companion()) {
    parts_.push_back({companion->prefix, &companion->graph, companion->optimizer.get()});
  }
}

int64_t Trainer::stop_tokens() const {
  return job_.until_tokens > 0 ? std::min(job_.until_tokens, budget_tokens_) : budget_tokens_;
}

bool Trainer::finished() const { return state_.stopping.stopped || state_.tokens >= stop_tokens(); }

bool Trainer::at_rollback_step() const {
  return state_.step > 0 && state_.step % job_.settings.rollback_interval == 0;
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
  result.tokens_per_s = pace_.tokens_per_s();
  result.examples_per_s = pace_.examples_per_s();
  result.rollbacks = state_.rollbacks;
  result.stopped_early = state_.stopping.stopped;
  if (job_.settings.patience > 0 && state_.stopping.best_step > 0) {
    const at::NoGradGuard no_gradients;
    EDGETRAN_TRY(best_.restore(state_.stopping.best_step));
    result.best_step = state_.stopping.best_step;
  }
  return result;
}

base::Status Trainer::loop() {
  saved_s_ = context_.clock.now_s();
  pace_.start(state_.tokens);
  while (!finished()) {
    if (context_.cancel.requested()) {
      if (!all_finite(parts_)) EDGETRAN_TRY(roll_back(kNotFinite));
      EDGETRAN_TRY(save());
      return base::fail(interrupted());
    }
    EDGETRAN_ASSIGN(const Trouble trouble, advance());
    if (trouble) EDGETRAN_TRY(roll_back(*trouble));
  }
  return save();
}

/// A step, the evaluation that is due after it, and what is to be kept of it.
base::Result<Trainer::Trouble> Trainer::advance() {
  if (Trouble trouble = train_step()) return trouble;
  const bool evaluates = evaluation_due();
  const bool saves = context_.clock.now_s() - saved_s_ >= job_.settings.checkpoint_interval_s;
  if (!evaluates && !saves && !at_rollback_step() && !finished()) return Trouble{};
  if (!all_finite(parts_)) return Trouble(kNotFinite);
  if (at_rollback_step()) note_candidate();  // before anything saves this step
  if (evaluates) {
    EDGETRAN_ASSIGN(Trouble trouble, evaluate());
    if (trouble) return trouble;
  }
  if (saves || at_rollback_step()) EDGETRAN_TRY(save());
  if (at_rollback_step()) EDGETRAN_TRY(name_candidate());
  return Trouble{};
}

double Trainer::learning_rate(const StepBatch& batch) const {
  const auto budget = static_cast<double>(budget_tokens_);
  const double planned =
      learning_rate_at(job_.settings, static_cast<double>(state_.tokens) / budget,
                       static_cast<double>(state_.tokens + batch.tokens) / budget);
  return std::ldexp(planned, -static_cast<int>(state_.rollbacks));
}

Trainer::Trouble Trainer::train_step() {
  const double begin_s = context_.clock.now_s();
  attempted_step_ = state_.step + 1;
  const StepBatch batch = feed_.next();
  double total = 0;
  double task = 0;
  if (Trouble trouble = run_pieces(batch, total, task)) return trouble;
  const double rate = learning_rate(batch);
  if (Trouble trouble = update(rate)) return trouble;
  account(batch, total, task);
  const double mean = state_.task_average / state_.loss_weight;
  if (mean > kExplosion * guess_loss_) {
    return fmt::format("the mean loss is {:.4g}, where guessing costs {:.4g}", mean, guess_loss_);
  }
  pace_.add_step(batch.tokens, batch.examples, context_.clock.now_s() - begin_s);
  pace_.report({.step = state_.step,
                .tokens = state_.tokens,
                .loss = total,
                .learning_rate = rate,
                .stop_tokens = stop_tokens()});
  return std::nullopt;
}

/// Adds the gradients of all pieces up; the two losses are those of all rows.
Trainer::Trouble Trainer::run_pieces(const StepBatch& batch, double& total, double& task) {
  PassOptions options;
  options.training = true;
  options.dropout = job_.settings.dropout;
  options.precision = job_.precision;
  const uint64_t key = derive_key(base::stable_hash("dropout") ^ job_.seed, state_.step);
  for (size_t i = 0; i < batch.pieces.size(); ++i) {
    options.dropout_key = i == 0 ? key : derive_key(key, static_cast<int64_t>(i));
    Piece piece = batch.pieces[i];
    piece.inputs = on_device(piece.inputs, context_.device);
    piece.targets = on_device(piece.targets, context_.device);
    const auto outputs = interpreter_.run(piece.inputs, parameters(), options);
    const PieceLoss loss = objective_.loss(outputs, piece);
    const auto value = loss.total.item<double>();
    if (!std::isfinite(value)) return fmt::format("the loss is {}", value);
    total += value;
    task += loss.task.is_same(loss.total) ? value : loss.task.item<double>();
    loss.total.backward();
  }
  return std::nullopt;
}

Trainer::Trouble Trainer::update(double learning_rate) {
  for (const TrainedPart& part : parts_) {
    const double norm = part.optimizer->step(learning_rate);
    if (!std::isfinite(norm)) return fmt::format("the norm of the gradient is {}", norm);
  }
  return std::nullopt;
}

void Trainer::account(const StepBatch& batch, double total, double task) {
  epoch_ended_ = batch.cursor.epoch != state_.cursor.epoch;
  ++state_.step;
  state_.tokens += batch.tokens;
  state_.cursor = batch.cursor;
  state_.loss_average = kLossDecay * state_.loss_average + (1 - kLossDecay) * total;
  state_.task_average = kLossDecay * state_.task_average + (1 - kLossDecay) * task;
  state_.loss_weight = kLossDecay * state_.loss_weight + (1 - kLossDecay);
}

}  // namespace edgetran::train::torch_engine
