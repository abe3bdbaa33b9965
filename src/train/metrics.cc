#include "train/metrics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace edgetran::train {
namespace {

double mean(const std::vector<double>& values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

bool constant(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [&](double v) { return v == values.front(); });
}

double correlation(const std::vector<double>& x, const std::vector<double>& y) {
  // Asked of the values themselves: rounding of the mean leaves a constant a tiny variance.
  if (constant(x) || constant(y)) return 0;
  const double mean_x = mean(x);
  const double mean_y = mean(y);
  double xx = 0;
  double yy = 0;
  double xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  if (!(xx > 0 && yy > 0)) return 0;  // differences so small that their squares vanish
  // The roots apart: the product of two large sums could overflow.
  return std::clamp(xy / (std::sqrt(xx) * std::sqrt(yy)), -1.0, 1.0);
}

std::vector<std::string> keys_of(const base::Json& json) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  return keys;
}

/// Ranks from 0; equal values share the mean of their ranks.
std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> result(values.size());
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (size_t i = begin; i < end; ++i) {
      result[order[i]] = static_cast<double>(begin + end - 1) / 2;
    }
    begin = end;
  }
  return result;
}

}  // namespace

int64_t argmax(std::span<const float> logits) {
  return std::max_element(logits.begin(), logits.end()) - logits.begin();
}

ClassificationMetrics::ClassificationMetrics(int64_t labels)
    : true_positive_(static_cast<size_t>(labels)),
      predicted_(static_cast<size_t>(labels)),
      actual_(static_cast<size_t>(labels)) {
  EDGETRAN_CHECK(labels >= 2, "a classifier has at least two labels");
}

void ClassificationMetrics::add(std::span<const float> logits, int64_t label) {
  EDGETRAN_CHECK(logits.size() == actual_.size(), "one logit a label");
  EDGETRAN_CHECK(label >= 0 && static_cast<size_t>(label) < actual_.size(), "label in range");
  const auto best = static_cast<size_t>(argmax(logits));
  const auto truth = static_cast<size_t>(label);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - logits[best]);
  loss_sum_ += std::log(sum) + logits[best] - logits[truth];
  ++count_;
  ++predicted_[best];
  ++actual_[truth];
  if (best == truth) {
    ++correct_;
    ++true_positive_[truth];
  }
}

double ClassificationMetrics::accuracy() const {
  return count_ == 0 ? 0 : static_cast<double>(correct_) / static_cast<double>(count_);
}

double ClassificationMetrics::loss() const {
  return count_ == 0 ? 0 : loss_sum_ / static_cast<double>(count_);
}

double ClassificationMetrics::macro_f1() const {
  double sum = 0;
  int64_t occurring = 0;
  for (size_t i = 0; i < actual_.size(); ++i) {
    const int64_t all = predicted_[i] + actual_[i];  // 2 tp + fp + fn
    if (all == 0) continue;
    sum += 2.0 * static_cast<double>(true_positive_[i]) / static_cast<double>(all);
    ++occurring;
  }
  return occurring == 0 ? 0 : sum / static_cast<double>(occurring);
}

double ClassificationMetrics::f1() const {
  if (actual_.size() != 2) return macro_f1();
  const int64_t all = predicted_[1] + actual_[1];  // 2 tp + fp + fn
  return all == 0 ? 0 : 2.0 * static_cast<double>(true_positive_[1]) / static_cast<double>(all);
}

double ClassificationMetrics::matthews() const {
  // Sums of products of counts pass 2^63 for some billions of rows, so in double.
  double joint = 0;
  double predicted = 0;
  double actual = 0;
  for (size_t i = 0; i < actual_.size(); ++i) {
    const auto p = static_cast<double>(predicted_[i]);
    const auto t = static_cast<double>(actual_[i]);
    joint += p * t;
    predicted += p * p;
    actual += t * t;
  }
  const auto rows = static_cast<double>(count_);
  const double spread = (rows * rows - predicted) * (rows * rows - actual);
  if (spread <= 0) return 0;
  return (static_cast<double>(correct_) * rows - joint) / std::sqrt(spread);
}

base::Json ClassificationMetrics::to_json() const {
  return {{"accuracy", accuracy()}, {"loss", loss()},         {"f1", f1()},
          {"macro_f1", macro_f1()}, {"matthews", matthews()}, {"rows", count_}};
}

void RegressionMetrics::add(double prediction, double target) {
  predictions_.push_back(prediction);
  targets_.push_back(target);
}

double RegressionMetrics::loss() const {
  double sum = 0;
  for (size_t i = 0; i < targets_.size(); ++i) {
    sum += (predictions_[i] - targets_[i]) * (predictions_[i] - targets_[i]);
  }
  return targets_.empty() ? 0 : sum / static_cast<double>(targets_.size());
}

double RegressionMetrics::pearson() const { return correlation(predictions_, targets_); }

double RegressionMetrics::spearman() const {
  return correlation(ranks(predictions_), ranks(targets_));
}

base::Json RegressionMetrics::to_json() const {
  return {{"loss", loss()},
          {"rmse", std::sqrt(loss())},
          {"pearson", pearson()},
          {"spearman", spearman()},
          {"rows", count()}};
}

std::vector<std::string> metric_names(data::Kind kind) {
  if (kind == data::Kind::kText) return {"valid_loss"};
  if (kind == data::Kind::kRegression) return keys_of(RegressionMetrics().to_json());
  return keys_of(ClassificationMetrics(2).to_json());
}

}  // namespace edgetran::train
