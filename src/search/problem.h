#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "base/result.h"

namespace edgetran::search {

enum class Goal { kMinimize, kMaximize };

/// Named finite figures of a trial or a pair, in SI units: "accuracy", "latency_s", ...
using Metrics = std::map<std::string, double>;

/// Something to be made small or large.
struct Objective {
  std::string name;
  std::string unit;  ///< "s", "J", "W", "bytes", or empty for a ratio or count
  Goal goal = Goal::kMinimize;
  bool operator==(const Objective&) const = default;
};

/// A hard limit on a metric; closed.
struct Constraint {
  std::string name;
  std::optional<double> min;
  std::optional<double> max;
  bool operator==(const Constraint&) const = default;
  /// "latency_s <= 0.02"
  std::string text() const;
  /// How far `value` is outside, in the metric's unit; 0 inside.
  double violation(double value) const;
};

/// What a search is for. Objectives are in order of importance for ties.
struct Problem {
  std::vector<Objective> objectives;
  std::vector<Constraint> constraints;

  /// The objectives' values with every goal turned into minimisation, in order; an error names the
  /// metric that is missing or not finite.
  base::Result<std::vector<double>> costs(const Metrics& metrics) const;
  /// The first constraint that a known metric breaks; metrics not known yet break none.
  const Constraint* broken(const Metrics& metrics) const;
  /// True when every constraint's metric is known and inside.
  bool feasible(const Metrics& metrics) const;
};

/// Reads `objectives: [{name, goal, unit?}]`, `constraints: [{name, min?, max?}]` of a study.
base::Result<std::vector<Objective>> read_objectives(const base::ConfigValue& value);
base::Result<std::vector<Constraint>> read_constraints(const base::ConfigValue& value);
base::Json objectives_json(const std::vector<Objective>& objectives);
base::Json constraints_json(const std::vector<Constraint>& constraints);

}  // namespace edgetran::search
