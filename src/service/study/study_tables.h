#pragma once

#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "search/problem.h"
#include "service/request.h"
#include "store/study_view.h"

namespace edgetran::service {

/// A trial on a device with everything that a table or a decision needs.
struct StudyPair {
  const store::TrialView* trial = nullptr;
  const store::MeasurementView* measurement = nullptr;
  search::Metrics metrics;
  bool feasible = true;  ///< breaks no constraint that is known
  bool on_front = false;
};

/// The problem of a stored study.
search::Problem study_problem(const store::StudyView& view);

/// Every measured pair, by trial and device; the front is among the feasible pairs that have all
/// objectives. Pointers reach into `view`.
std::vector<StudyPair> study_pairs(const store::StudyView& view);

/// Rows of the pairs: trial, design, state, device, parameters, rung, metrics, latency with its
/// interval, kind, verdict, front, and where the data are only a part of the data set which splits
/// are ("subset") with a "note"; and the columns a table shows.
Reply pairs_reply(const store::StudyView& view, bool front_only);

/// Hypervolume of the front: costs below `reference`, which is 0 for a maximised objective and the
/// largest value measured in the study for a minimised one; {"value", "reference"{}}.
base::Json hypervolume_json(const store::StudyView& view);

/// Counts of trials by state, rungs reached, what is left, the metric that encoders are compared
/// by, "subsets" and "note" where the data are only a part of the data set.
Reply status_reply(const store::StudyView& view);

}  // namespace edgetran::service
