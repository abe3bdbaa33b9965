#pragma once

#include <string>
#include <vector>

#include "store/study_view.h"

namespace edgetran::report {

/// The metric by which a study compares its encoders: larger is better.
struct Quality {
  std::string name;      ///< as in the metrics: "accuracy", "pearson"
  std::string title;     ///< for people, in the middle of a sentence: "Pearson correlation"
  bool share = false;    ///< of rows, or between 0 and 1 like one: shown in per cent
  bool bounded = false;  ///< never above 1: a share or a correlation

  /// "65.2 %", or "0.653" of what is no share.
  std::string text(double value) const;
};

/// A metric by its name; one without a title of its own is titled by its name.
Quality quality_of_name(const std::string& name);

/// The first objective to be maximised, else the metric that the study's task stands for
/// (`data.metric` of its configuration), else accuracy.
Quality study_quality(const store::StudyView& study);

/// The rows that the handed-over model and the baselines were scored on: "test rows", or
/// "development rows" where the data have no test rows (`data.scored_on` of the configuration), so
/// that the choice of the pair has seen them.
std::string scored_rows(const store::StudyView& study);

/// The splits of the study's data that are only a part of the data set (`data.subsets` of its
/// configuration), and what every output says of figures from them (`data.note`); both are empty
/// where the data are whole.
std::vector<std::string> study_subsets(const store::StudyView& study);
std::string subset_note(const store::StudyView& study);

}  // namespace edgetran::report
