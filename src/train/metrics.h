#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "data/token_file.h"

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
  /// Mean over the labels that occur (as truth or prediction) of 2tp / (2tp + fp + fn). As
  /// scikit-learn's f1_score(average="macro").
  double macro_f1() const;
  /// F1 of label 1 where there are two labels (as GLUE reports MRPC and QQP; 0 where label 1 is
  /// neither there nor predicted), else macro_f1().
  double f1() const;
  /// Matthews correlation, for more than two labels Gorodkin's R_K (as scikit-learn's
  /// matthews_corrcoef); 0 where truth or predictions are all of one label.
  double matthews() const;
  /// {"accuracy", "loss", "f1", "macro_f1", "matthews", "rows"}
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
  /// Pearson correlation, in [-1, 1]; 0 where either side is constant or there are fewer than two
  /// rows, where SciPy's pearsonr has no number (NaN, or an error).
  double pearson() const;
  /// Pearson correlation of the ranks (ties share their mean rank); 0 in the same cases.
  double spearman() const;
  /// {"loss", "rmse", "pearson", "spearman", "rows"}
  base::Json to_json() const;

 private:
  std::vector<double> predictions_, targets_;
};

/// Names of the metrics that training and evaluation give for rows of this kind.
std::vector<std::string> metric_names(data::Kind kind);

/// Index of the largest logit, the first of equals.
int64_t argmax(std::span<const float> logits);

}  // namespace edgetran::train
