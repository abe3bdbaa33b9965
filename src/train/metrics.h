#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace edgetran::train {

/// Accumulates predictions of a classifier in the order in which they are added.
class ClassificationMetrics {
 public:
  /// labels >= 2
  explicit ClassificationMetrics(int64_t labels);

  /// logits [labels] of one example and its label in [0, labels). The logits must be finite.
  void add(std::span<const float> logits, int64_t label);

  int64_t count() const { return count_; }
  double accuracy() const;
  /// Mean cross-entropy in nats.
  double loss() const;
  /// Mean over the labels that occur (as truth or prediction) of 2tp / (2tp + fp + fn).
  double macro_f1() const;
  /// {"accuracy", "loss", "macro_f1", "rows"}
  base::Json to_json() const;

 private:
  int64_t count_ = 0;
  int64_t correct_ = 0;
  double loss_sum_ = 0;
  std::vector<int64_t> true_positive_, predicted_, actual_;
};

/// Accumulates predictions of a regression.
class RegressionMetrics {
 public:
  void add(double prediction, double target);
  int64_t count() const { return static_cast<int64_t>(predictions_.size()); }
  /// Mean squared error.
  double loss() const;
  /// Pearson correlation; 0 where either side is constant.
  double pearson() const;
  /// Pearson correlation of the ranks (ties share their mean rank).
  double spearman() const;
  /// {"loss", "rmse", "pearson", "spearman", "rows"}
  base::Json to_json() const;

 private:
  std::vector<double> predictions_, targets_;
};

/// Index of the largest logit, the first of equals.
int64_t argmax(std::span<const float> logits);

}  // namespace edgetran::train
