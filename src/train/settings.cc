#include "train/settings.h"

namespace edgetran::train {
namespace {

constexpr double kMaxInterval_s = 86400;
constexpr int64_t kMaxBatch = 65536;
constexpr int64_t kMaxLength = 65536;
constexpr int64_t kMaxSteps = int64_t{1} << 40;
// Far past any use, so that a wrong one fails as what it is: training that diverges.
constexpr double kMaxRate = 1e6;

using Settings = base::Settings<TrainSettings>;
using T = TrainSettings;

void declare_optimizer(Settings& s) {
  s.number("learning_rate", &T::learning_rate, 0, kMaxRate, "",
           "Peak learning rate of the schedule.");
  s.number("warmup_share", &T::warmup_share, 0, 1, "share",
           "Share of the token budget in which the learning rate rises from zero.");
  s.choice("schedule", &T::schedule, {"linear", "cosine", "constant"},
           "How the learning rate falls to zero after the warm-up.");
  s.number("layer_decay", &T::layer_decay, 0.01, 1, "",
           "Factor of the learning rate from each layer to the one below it, the embeddings lowest "
           "and the task head at 1; 1 for equal rates.");
  s.number("weight_decay", &T::weight_decay, 0, 10, "",
           "Decoupled weight decay of AdamW, on matrices only.");
  s.number("beta1", &T::beta1, 0, 0.9999, "", "Decay of AdamW's first moment.");
  s.number("beta2", &T::beta2, 0, 0.999999, "", "Decay of AdamW's second moment.");
  s.number("epsilon", &T::epsilon, 1e-16, 1, "", "Added to the root of AdamW's second moment.");
  s.number("clip_norm", &T::clip_norm, 0, 1e6, "",
           "Largest global L2 norm of a gradient; 0 for no clipping.");
  s.number("dropout", &T::dropout, 0, 0.95, "share", "Share of activations dropped in training.");
}

void declare_batches(Settings& s) {
  s.integer("batch", &T::batch, 1, kMaxBatch, "rows", "Rows in one step.");
  s.integer("accumulation", &T::accumulation, 1, kMaxBatch, "pieces",
            "Pieces in which a step's rows are computed, their gradients added: less memory, the "
            "same result up to rounding and dropout.");
  s.integer("length", &T::length, 4, kMaxLength, "tokens",
            "Positions of a packed block in pre-training; labelled rows are cut when prepared.");
  s.number("mask_share", &T::mask_share, 0.01, 0.9, "share",
           "Positions chosen for the masked language model.");
}

void declare_loss(Settings& s) {
  s.string("class_weights", &T::class_weights,
           "Weight of each class in the loss: none, balanced (rows over classes times rows of the "
           "class), or a number above zero for each label, with commas.");
  s.number("label_smoothing", &T::label_smoothing, 0, 0.99, "share",
           "Share of a target's probability that is spread evenly over all classes.");
  s.number("distillation_weight", &T::distillation_weight, 0, 1, "share",
           "Share of the teacher's logits in the loss; the labels have the rest.");
  s.number("distillation_temperature", &T::distillation_temperature, 0.01, 100, "",
           "Temperature that softens both models' logits in distillation.");
  s.number("hidden_weight", &T::hidden_weight, 0, 1e4, "",
           "Weight of the squared distance to the teacher's hidden states, added to the loss.");
}

void declare_stopping(Settings& s) {
  s.integer("evaluation_interval", &T::evaluation_interval, 0, kMaxSteps, "steps",
            "Steps between evaluations on dev while training; 0 for one after each pass over the "
            "data where patience is given, else none.");
  s.integer("patience", &T::patience, 0, kMaxBatch, "evaluations",
            "Evaluations without a better one before training stops and the best weights are "
            "kept; 0 for no early stopping.");
  s.string("stop_metric", &T::stop_metric,
           "Metric on dev that early stopping watches; losses and errors are better lower.");
  s.integer("rollbacks", &T::rollbacks, 0, 20, "",
            "Times that training which diverges goes back to the last good state and on at half "
            "the learning rate before it fails.");
  s.integer(
      "rollback_interval", &T::rollback_interval, 1, kMaxSteps, "steps",
      "Steps between the states kept in the checkpoint folder to go back to; one counts as good "
      "once training has come to the next. Without a folder training goes back to its "
      "beginning.");
  s.number("log_interval_s", &T::log_interval_s, 0, kMaxInterval_s, "s",
           "Shortest time between progress events; 0 for one a step.");
  s.number("checkpoint_interval_s", &T::checkpoint_interval_s, 0, kMaxInterval_s, "s",
           "Time between checkpoints; 0 for one a step.");
}

Settings declare() {
  Settings s;
  declare_optimizer(s);
  declare_batches(s);
  declare_loss(s);
  declare_stopping(s);
  return s;
}

}  // namespace

const base::Settings<TrainSettings>& train_settings() {
  static const base::Settings<TrainSettings> kSettings = declare();
  return kSettings;
}

}  // namespace edgetran::train
