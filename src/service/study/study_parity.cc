#include "service/study/study_parity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "train/metrics.h"

namespace edgetran::service {

namespace {

using base::ErrorCategory;
using base::Json;

/// The outputs of one row.
std::span<const float> row_of(const std::vector<float>& outputs, const Truth& truth, size_t row) {
  const size_t width = outputs.size() / truth.rows();
  return std::span(outputs).subspan(row * width, width);
}

Json metrics_of(const std::vector<float>& outputs, const Truth& truth) {
  if (truth.kind == data::Kind::kRegression) {
    train::RegressionMetrics metrics;
    for (size_t row = 0; row < truth.rows(); ++row) metrics.add(outputs[row], truth.scores[row]);
    return metrics.to_json();
  }
  train::ClassificationMetrics metrics(static_cast<int64_t>(outputs.size() / truth.rows()));
  for (size_t row = 0; row < truth.rows(); ++row)
    metrics.add(row_of(outputs, truth, row), truth.labels[row]);
  return metrics.to_json();
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - b[i]));
  return largest;
}

/// Share of the rows for which `same(row)`.
template <class Same>
double share_of_rows(const Truth& truth, const Same& same) {
  int64_t count = 0;
  for (size_t row = 0; row < truth.rows(); ++row) count += same(row);
  return static_cast<double>(count) / static_cast<double>(truth.rows());
}

Json compare_classes(const std::vector<float>& trained, const std::vector<float>& deployed,
                     const Truth& truth) {
  double largest = 0;
  for (const float logit : trained) largest = std::max(largest, std::abs(double{logit}));
  const double difference = largest_difference(trained, deployed);
  return {{"largest_logit", largest},
          {"max_abs_difference", difference},
          {"max_relative_difference", largest > 0 ? difference / largest : 0},
          {"agreement", share_of_rows(truth, [&](size_t row) {
             return train::argmax(row_of(trained, truth, row)) ==
                    train::argmax(row_of(deployed, truth, row));
           })}};
}

Json compare_scores(const std::vector<float>& trained, const std::vector<float>& deployed,
                    const Truth& truth) {
  const double difference = largest_difference(trained, deployed);
  const double tolerance = kScoreTolerance * truth.score_range;
  return {{"score_range", truth.score_range},
          {"tolerance", tolerance},
          {"max_abs_difference", difference},
          {"max_relative_difference", difference / truth.score_range},
          {"agreement", share_of_rows(truth, [&](size_t row) {
             return std::abs(static_cast<double>(trained[row]) - deployed[row]) <= tolerance;
           })}};
}

}  // namespace

base::Result<Json> compare_answers(const std::vector<float>& trained,
                                   const std::vector<float>& deployed, const Truth& truth,
                                   const std::string& metric) {
  const bool scores = truth.kind == data::Kind::kRegression;
  if (trained.size() != deployed.size() || trained.empty() || trained.size() % truth.rows() != 0 ||
      (scores && trained.size() != truth.rows()))
    return base::fail(ErrorCategory::kFailed,
                      fmt::format("for {} rows the deployed file gave {} numbers, the trainer {}",
                                  truth.rows(), deployed.size(), trained.size()));
  for (const auto* outputs : {&trained, &deployed})
    if (!std::ranges::all_of(*outputs, [](float value) { return std::isfinite(value); }))
      return base::fail(
          ErrorCategory::kFailed,
          fmt::format("{} gives numbers that are not finite",
                      outputs == &trained ? "the trained model" : "the deployed file"),
          "its precision may be too coarse for this model; leave it out of devices");
  Json parity =
      scores ? compare_scores(trained, deployed, truth) : compare_classes(trained, deployed, truth);
  parity["rows"] = truth.rows();
  const Json before = metrics_of(trained, truth), after = metrics_of(deployed, truth);
  if (before.contains(metric)) {
    parity["trained_" + metric] = before.at(metric);
    parity["deployed_" + metric] = after.at(metric);
  }
  return parity;
}

}  // namespace edgetran::service
