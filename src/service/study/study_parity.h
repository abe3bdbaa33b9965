#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "data/token_file.h"

namespace edgetran::service {

/// Scores of the deployed file agree with those of training where they differ by at most this share
/// of the range of the training rows' scores.
inline constexpr double kScoreTolerance = 0.01;

/// What is right for the rows that a deployed file is checked on.
struct Truth {
  data::Kind kind = data::Kind::kClassification;
  std::vector<int32_t> labels = {};  ///< [rows] of classes
  std::vector<float> scores = {};    ///< [rows] of scores
  double score_range = 0;            ///< of the training rows' scores, above 0

  size_t rows() const { return kind == data::Kind::kRegression ? scores.size() : labels.size(); }
};

/// How the deployed file answers beside training: outputs [rows * outputs] of both, in the same
/// order. {"rows", "max_abs_difference", "max_relative_difference" (to the largest logit of
/// training, or to the scores' range), "agreement" (share of rows with the same class, or a score
/// within the tolerance)}, of classes "largest_logit", of scores "score_range" and "tolerance"
/// (both in their unit), and "trained_METRIC" and "deployed_METRIC" where the rows have that
/// metric. kFailed where outputs differ in number or are not finite.
base::Result<base::Json> compare_answers(const std::vector<float>& trained,
                                         const std::vector<float>& deployed, const Truth& truth,
                                         const std::string& metric);

}  // namespace edgetran::service
