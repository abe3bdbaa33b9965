#include "search/recommend.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "search/pareto.h"

namespace edgetran::search {
namespace {

using base::Result;

struct Feasible {
  size_t index = 0;
  Costs costs;
};

std::vector<std::string> objective_names(const Problem& problem) {
  std::vector<std::string> names;
  names.reserve(problem.objectives.size());
  for (const Objective& objective : problem.objectives) names.push_back(objective.name);
  return names;
}

Result<size_t> objective_index(const Problem& problem, const std::string& name) {
  for (size_t m = 0; m < problem.objectives.size(); ++m) {
    if (problem.objectives[m].name == name) return m;
  }
  const auto near = base::nearest_name(name, objective_names(problem));
  return base::fail(base::ErrorCategory::kUsage, fmt::format("{} is not an objective here", name),
                    near ? fmt::format("did you mean {}?", *near)
                         : fmt::format("there are {}", fmt::join(objective_names(problem), ", ")));
}

/// Share by which a candidate breaks a limit, so that limits of different units compare.
double relative_violation(const Constraint& constraint, double value) {
  const double limit =
      constraint.max && value > *constraint.max ? *constraint.max : constraint.min.value_or(0);
  return constraint.violation(value) / (limit != 0 ? std::abs(limit) : 1.0);
}

/// The constraint that every candidate breaks by most at the least, with the nearest value.
base::Error infeasible(const Problem& problem, const std::vector<Metrics>& candidates) {
  const Constraint* hardest = nullptr;
  double hardest_violation = -1;
  std::optional<double> nearest;
  for (const Constraint& constraint : problem.constraints) {
    double least = std::numeric_limits<double>::infinity();
    std::optional<double> value;
    for (const Metrics& metrics : candidates) {
      const auto it = metrics.find(constraint.name);
      if (it == metrics.end() || !std::isfinite(it->second)) continue;
      const double violation = relative_violation(constraint, it->second);
      if (violation < least) {
        least = violation;
        value = it->second;
      }
    }
    if (least > hardest_violation) {
      hardest = &constraint;
      hardest_violation = least;
      nearest = value;
    }
  }
  base::Error error{base::ErrorCategory::kInfeasible, "no candidate has a value of every objective",
                    "let more trials finish"};
  const auto inside = [&](const Metrics& metrics) { return problem.feasible(metrics); };
  if (hardest == nullptr || std::ranges::any_of(candidates, inside)) return error;
  if (!nearest) {
    error.message = fmt::format("no candidate has a value of {}, which must satisfy {}",
                                hardest->name, hardest->text());
  } else if (hardest_violation > 0) {
    error.message =
        fmt::format("no candidate satisfies {}; the nearest has {}", hardest->text(), *nearest);
    error.hint = "relax this limit, or search a space with smaller or other encoders";
  } else {
    error.message = "no candidate satisfies all limits together";
    error.hint = "relax one of them, or evaluate more candidates";
  }
  return error;
}

Result<std::vector<double>> weights_of(const Problem& problem, const Preference& preference) {
  std::vector<double> weights(problem.objectives.size(), 0);
  double total = 0;
  for (const auto& [name, weight] : preference.weights) {
    EDGETRAN_ASSIGN(const size_t m, objective_index(problem, name));
    if (!std::isfinite(weight) || weight < 0) {
      return base::fail(base::ErrorCategory::kUsage,
                        fmt::format("the weight of {} is {}", name, weight),
                        "weights are finite and not negative");
    }
    weights[m] = weight;
    total += weight;
  }
  if (!(total > 0)) {
    return base::fail(base::ErrorCategory::kUsage, "all weights are zero",
                      "give at least one objective a weight above 0");
  }
  return weights;
}

/// Weighted sums of the costs scaled to [0, 1] between the best and worst of the front.
std::vector<double> weighted_scores(const std::vector<Feasible>& feasible,
                                    const std::vector<double>& weights) {
  std::vector<Costs> points;
  points.reserve(feasible.size());
  for (const Feasible& candidate : feasible) points.push_back(candidate.costs);
  std::vector<double> scores(feasible.size(), 0);
  const std::vector<size_t> front = non_dominated(points);
  for (size_t m = 0; m < weights.size(); ++m) {
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (const size_t i : front) {
      low = std::min(low, points[i][m]);
      high = std::max(high, points[i][m]);
    }
    const double range = high > low ? high - low : 1;
    for (size_t i = 0; i < scores.size(); ++i) {
      scores[i] += weights[m] * (points[i][m] - low) / range;
    }
  }
  return scores;
}

Result<std::vector<double>> scores_of(const Problem& problem, const Preference& preference,
                                      const std::vector<Feasible>& feasible) {
  if (!preference.weights.empty()) {
    EDGETRAN_ASSIGN(std::vector<double> weights, weights_of(problem, preference));
    return weighted_scores(feasible, weights);
  }
  size_t m = 0;
  if (!preference.objective.empty()) {
    EDGETRAN_ASSIGN(m, objective_index(problem, preference.objective));
  }
  std::vector<double> scores;
  scores.reserve(feasible.size());
  for (const Feasible& candidate : feasible) scores.push_back(candidate.costs[m]);
  return scores;
}

}  // namespace

Result<size_t> recommend(const Problem& problem, const std::vector<Metrics>& candidates,
                         const Preference& preference) {
  EDGETRAN_CHECK(!problem.objectives.empty(), "a problem has an objective");
  std::vector<Feasible> feasible;
  for (size_t i = 0; i < candidates.size(); ++i) {
    auto costs = problem.costs(candidates[i]);
    if (costs && problem.feasible(candidates[i])) feasible.push_back({i, std::move(*costs)});
  }
  EDGETRAN_ASSIGN(const std::vector<double> scores, scores_of(problem, preference, feasible));
  if (feasible.empty()) return base::fail(infeasible(problem, candidates));
  size_t best = 0;
  for (size_t i = 1; i < feasible.size(); ++i) {
    const bool better = scores[i] != scores[best] ? scores[i] < scores[best]
                                                  : feasible[i].costs < feasible[best].costs;
    if (better) best = i;
  }
  return feasible[best].index;
}

}  // namespace edgetran::search
