// What a trainer keeps, goes back to, and stops at; trainer.cc has its steps.
#include <fmt/format.h>

#include <cmath>
#include <string_view>

#include "train/torch/trainer.h"

namespace edgetran::train::torch_engine {
namespace {

using base::ErrorCategory;

constexpr std::string_view kRollback = "rollback";
// A state from which training diverged so many times in a row is broken itself, whatever its loss
// was: the next time it starts from the beginning.
constexpr int64_t kReturns = 4;

/// Puts fresh weights and an optimiser that has not seen a step into the part.
void start_again(const TrainedPart& part, const weights::Weights& start) {
  const at::NoGradGuard no_gradients;
  const std::vector<at::Tensor> values = to_tensors(start, false);
  for (size_t i = 0; i < values.size(); ++i) {
    part.optimizer->parameters()[i].detach().copy_(values[i]);
    part.optimizer->first_moments()[i].detach().zero_();
    part.optimizer->second_moments()[i].detach().zero_();
  }
  part.optimizer->set_steps(0);
}

void drop_gradients(std::span<const TrainedPart> parts) {
  for (const TrainedPart& part : parts) {
    for (const at::Tensor& parameter : part.optimizer->parameters())
      parameter.mutable_grad().reset();
  }
}

}  // namespace

base::Status Trainer::resume() {
  if (job_.checkpoint.empty()) return {};
  const at::NoGradGuard no_gradients;
  EDGETRAN_ASSIGN(const auto state,
                  read_checkpoint(file(kCheckpointFile), context_.fingerprint, parts_));
  if (!state) {
    remove_other_steps(job_.checkpoint, kRollback, {});  // without a checkpoint: another run's
    return {};
  }
  state_ = *state;
  feed_.seek(state_.cursor, state_.step);
  saved_step_ = state_.step;
  // It may have been killed between this file and its second name.
  if (state_.step > 0 && state_.step == state_.candidate_step) return name_candidate();
  return {};
}

bool Trainer::evaluation_due() const {
  const TrainSettings& settings = job_.settings;
  if (!context_.evaluate || (settings.patience == 0 && settings.evaluation_interval == 0)) {
    return false;
  }
  const bool interval_ended = settings.evaluation_interval > 0
                                  ? state_.step % settings.evaluation_interval == 0
                                  : epoch_ended_;
  // The last weights are candidates too.
  return interval_ended || (settings.patience > 0 && state_.tokens >= budget_tokens_);
}

base::Result<Trainer::Trouble> Trainer::evaluate() {
  const auto metrics = context_.evaluate(parameters());
  if (!metrics) {
    if (metrics.error().category != ErrorCategory::kFailed) return base::fail(metrics.error());
    return Trouble(metrics.error().message);
  }
  context_.events.emit(evaluated_event(*metrics, state_.step));
  if (job_.settings.patience == 0) return Trouble{};
  EDGETRAN_ASSIGN(const bool better, read_metric(*metrics));
  if (!better) return Trouble{};
  // New weights, then the checkpoint that names them, then the old ones go: whatever a kill leaves,
  // the weights that the checkpoint names are there.
  EDGETRAN_TRY(best_.keep(state_.step));
  EDGETRAN_TRY(save());
  best_.forget_others(state_.step);
  return Trouble{};
}

base::Result<bool> Trainer::read_metric(const base::Json& metrics) {
  const std::string& name = job_.settings.stop_metric;
  const std::string key = metrics.contains(name) ? name : "valid_" + name;
  if (!metrics.contains(key) || !metrics.at(key).is_number()) {
    return base::fail(ErrorCategory::kUsage, fmt::format("dev has no metric '{}'", name));
  }
  return observe(state_.stopping, key, metrics.at(key).get<double>(), state_.step,
                 job_.settings.patience);
}

base::Status Trainer::roll_back(const std::string& reason) {
  drop_gradients(parts_);
  const TrainState bad = state_;
  const bool gives_up = bad.returns >= kReturns && bad.returned_to == bad.good_step;
  EDGETRAN_TRY(gives_up ? restart() : restore_good_state());
  state_.stopping = bad.stopping;
  state_.rollbacks = bad.rollbacks;
  state_.returns = state_.step == bad.returned_to ? bad.returns + 1 : 1;
  state_.returned_to = state_.step;
  saved_step_ = -1;
  feed_.seek(state_.cursor, state_.step);
  if (state_.rollbacks >= job_.settings.rollbacks) {
    EDGETRAN_TRY(save());
    return base::fail(diverged(reason));
  }
  ++state_.rollbacks;
  context_.events.emit(
      to_event(RolledBack{.step = attempted_step_,
                          .to_step = state_.step,
                          .reason = reason,
                          .rollbacks = state_.rollbacks,
                          .rate_factor = std::ldexp(1.0, -static_cast<int>(state_.rollbacks))}));
  pace_.start(state_.tokens);
  return {};
}

/// The state of the good step, or the beginning.
base::Status Trainer::restore_good_state() {
  const at::NoGradGuard no_gradients;
  const int64_t good = job_.checkpoint.empty() ? 0 : state_.good_step;
  if (good == 0) {
    return restart();
  }
  const std::string name = step_file(kRollback, good);
  EDGETRAN_ASSIGN(const auto state, read_checkpoint(file(name), context_.fingerprint, parts_));
  if (!state) {
    return base::fail(
        ErrorCategory::kCorrupt,
        fmt::format("training diverged, and the state to go back to, {}, is not there",
                    file(name).string()),
        "remove the checkpoint folder to start this job from its beginning");
  }
  state_ = *state;
  state_.good_step = state_.candidate_step = good;
  return {};
}

base::Status Trainer::restart() {
  EDGETRAN_ASSIGN(const weights::Weights begin, context_.begin());
  state_ = {};
  start_again(parts_[0], begin);
  if (const Companion* companion = objective_.companion()) {
    start_again(parts_[1], companion->start);
  }
  return {};
}

/// This state is to be kept to go back to. From the one before, training came until here.
void Trainer::note_candidate() {
  if (job_.checkpoint.empty()) return;
  state_.good_step = state_.candidate_step;
  state_.candidate_step = state_.step;
}

/// The checkpoint, which is the candidate's state, under the candidate's name; states that no
/// checkpoint names any more go.
base::Status Trainer::name_candidate() {
  if (job_.checkpoint.empty()) return {};
  const std::string name = step_file(kRollback, state_.candidate_step);
  EDGETRAN_TRY(duplicate(file(kCheckpointFile), file(name)));
  remove_other_steps(job_.checkpoint, kRollback, {state_.good_step, state_.candidate_step});
  return {};
}

base::Status Trainer::save() {
  saved_s_ = context_.clock.now_s();
  if (job_.checkpoint.empty() || saved_step_ == state_.step) return {};
  EDGETRAN_TRY(write_checkpoint(file(kCheckpointFile), context_.fingerprint, parts_, state_));
  saved_step_ = state_.step;
  saved_s_ = context_.clock.now_s();
  context_.events.emit(to_event(Checkpointed{state_.step, state_.tokens}));
  return {};
}

base::Error Trainer::diverged(const std::string& what) const {
  const double rate = std::ldexp(job_.settings.learning_rate, -static_cast<int>(state_.rollbacks));
  const std::string tried = state_.rollbacks == 0
                                ? ""
                                : fmt::format(
                                      ", also after going back {} times and halving the "
                                      "learning rate each time, to {:.4g}",
                                      state_.rollbacks, rate);
  const std::string kept = job_.checkpoint.empty()
                               ? "no checkpoint was asked for"
                               : fmt::format("the last good state, of step {}, is kept in {}",
                                             state_.step, job_.checkpoint.string());
  return {ErrorCategory::kFailed,
          fmt::format("training diverged at step {}: {}{}", attempted_step_, what, tried),
          fmt::format("lower learning_rate ({} now) or raise warmup_share; {}",
                      job_.settings.learning_rate, kept)};
}

base::Error Trainer::interrupted() const {
  return {ErrorCategory::kInterrupted,
          fmt::format("cancelled after {} of {} tokens", state_.tokens, stop_tokens()),
          job_.checkpoint.empty() ? "" : "the same job goes on from its checkpoint"};
}

}  // namespace edgetran::train::torch_engine
