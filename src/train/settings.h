#pragma once

#include <cstdint>
#include <string>

#include "base/settings.h"

namespace edgetran::train {

/// How a model is trained: everything that changes the result and is not data, model, teacher, seed
/// or budget. Declared once in train_settings(); flags, study files, docs and the wire read that.
struct TrainSettings {
  double learning_rate = 5e-4;  ///< peak of the schedule
  double warmup_share = 0.06;   ///< share of the token budget with a rising rate
  std::string schedule = "linear";
  double layer_decay = 1;      ///< factor of the learning rate from a layer to the one below it
  double weight_decay = 0.01;  ///< decoupled (Loshchilov and Hutter, ICLR 2019); matrices only
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double clip_norm = 1.0;  ///< largest global L2 norm of a gradient; 0: no clipping
  double dropout = 0.1;
  int64_t batch = 32;                  ///< rows a step
  int64_t accumulation = 1;            ///< pieces that a step's rows are computed in
  int64_t length = 128;                ///< positions of a packed block (pre-training)
  double mask_share = 0.15;            ///< positions chosen for the masked language model
  std::string class_weights = "none";  ///< class_weights.h
  double label_smoothing = 0;          ///< of cross-entropies (Szegedy et al., CVPR 2016)
  double distillation_weight = 0.5;    ///< of the teacher's logits in the loss
  double distillation_temperature = 2;
  double hidden_weight = 0;         ///< of the teacher's hidden states, added to the loss
  int64_t evaluation_interval = 0;  ///< steps; 0: after each pass over the data
  int64_t patience = 0;             ///< evaluations without a better one; 0: no early stopping
  std::string stop_metric = "loss";
  int64_t rollbacks = 3;            ///< times that diverged training goes back before it fails
  int64_t rollback_interval = 200;  ///< steps between the states that it goes back to
  double log_interval_s = 1;        ///< at most one progress event in this time; 0: one a step
  double checkpoint_interval_s = 60;
  bool operator==(const TrainSettings&) const = default;
};

const base::Settings<TrainSettings>& train_settings();

}  // namespace edgetran::train
