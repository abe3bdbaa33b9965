#pragma once

#include <cstdint>
#include <string>

#include "base/settings.h"

namespace edgetran::train {

/// How a model is trained: everything that changes the result and is not data, model, seed or
/// budget. Declared once in train_settings(); flags, study files, docs and the wire read that.
struct TrainSettings {
  double learning_rate = 5e-4;  ///< peak of the schedule
  double warmup_share = 0.06;   ///< share of the token budget with a rising rate
  std::string schedule = "linear";
  double weight_decay = 0.01;  ///< decoupled (Loshchilov and Hutter, ICLR 2019); matrices only
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double clip_norm = 1.0;  ///< largest global L2 norm of a gradient; 0: no clipping
  double dropout = 0.1;
  int64_t batch = 32;         ///< rows a step
  int64_t length = 128;       ///< positions of a packed block (pre-training)
  double mask_share = 0.15;   ///< positions chosen for the masked language model
  double log_interval_s = 1;  ///< at most one progress event in this time; 0: one a step
  double checkpoint_interval_s = 60;
  bool operator==(const TrainSettings&) const = default;
};

const base::Settings<TrainSettings>& train_settings();

}  // namespace edgetran::train
