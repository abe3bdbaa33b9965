#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "search/problem.h"

namespace edgetran::search {

/// How to choose one candidate: by one objective, or, where `weights` is not empty, by the
/// smallest weighted sum of costs scaled to [0, 1] over the feasible non-dominated candidates.
struct Preference {
  std::string objective = {};                  ///< empty: the problem's first
  std::map<std::string, double> weights = {};  ///< by objective, >= 0, at least one > 0
};

/// Index of the recommended candidate: of those that satisfy every constraint the best by the
/// preference; ties by the other objectives in the problem's order, then by the lowest index.
/// kInfeasible where none is feasible: names the constraint, the nearest value and the limit.
/// kUsage: an unknown objective or a bad weight.
base::Result<size_t> recommend(const Problem& problem, const std::vector<Metrics>& candidates,
                               const Preference& preference);

}  // namespace edgetran::search
