#include "train/settings.h"

namespace edgetran::train {
namespace {

constexpr double kMaxInterval_s = 86400;
constexpr int64_t kMaxBatch = 65536;
constexpr int64_t kMaxLength = 65536;

base::Settings<TrainSettings> declare() {
  using T = TrainSettings;
  base::Settings<T> s;
  s.number("learning_rate", &T::learning_rate, 0, 10, "", "Peak learning rate of the schedule.");
  s.number("warmup_share", &T::warmup_share, 0, 1, "share",
           "Share of the token budget in which the learning rate rises from zero.");
  s.choice("schedule", &T::schedule, {"linear", "cosine", "constant"},
           "How the learning rate falls to zero after the warm-up.");
  s.number("weight_decay", &T::weight_decay, 0, 10, "",
           "Decoupled weight decay of AdamW, on matrices only.");
  s.number("beta1", &T::beta1, 0, 0.9999, "", "Decay of AdamW's first moment.");
  s.number("beta2", &T::beta2, 0, 0.999999, "", "Decay of AdamW's second moment.");
  s.number("epsilon", &T::epsilon, 1e-16, 1, "", "Added to the root of AdamW's second moment.");
  s.number("clip_norm", &T::clip_norm, 0, 1e6, "",
           "Largest global L2 norm of a gradient; 0 for no clipping.");
  s.number("dropout", &T::dropout, 0, 0.95, "share", "Share of activations dropped in training.");
  s.integer("batch", &T::batch, 1, kMaxBatch, "rows", "Rows in one step.");
  s.integer("length", &T::length, 4, kMaxLength, "tokens",
            "Positions of a packed block in pre-training; labelled rows are cut when prepared.");
  s.number("mask_share", &T::mask_share, 0.01, 0.9, "share",
           "Positions chosen for the masked language model.");
  s.number("log_interval_s", &T::log_interval_s, 0, kMaxInterval_s, "s",
           "Shortest time between progress events; 0 for one a step.");
  s.number("checkpoint_interval_s", &T::checkpoint_interval_s, 0, kMaxInterval_s, "s",
           "Time between checkpoints; 0 for one a step.");
  return s;
}

}  // namespace

const base::Settings<TrainSettings>& train_settings() {
  static const base::Settings<TrainSettings> kSettings = declare();
  return kSettings;
}

}  // namespace edgetran::train
