#include "search/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace edgetran::search {
namespace {

using base::ConfigMap;
using base::ConfigValue;
using base::Result;

constexpr size_t kMaxObjectives = 16;  // hypervolume is exponential in them

Result<Objective> read_objective(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  Objective objective;
  EDGETRAN_ASSIGN(ConfigValue name, map.require("name"));
  EDGETRAN_ASSIGN(objective.name, name.as_string());
  EDGETRAN_ASSIGN(ConfigValue goal, map.require("goal"));
  const std::vector<std::string> goals = {"minimize", "maximize"};
  const Result<std::string> word = goal.as_choice(goals);
  if (!word) return base::fail(word.error());
  objective.goal = *word == goals.front() ? Goal::kMinimize : Goal::kMaximize;
  if (auto unit = map.find("unit")) {
    EDGETRAN_ASSIGN(objective.unit, unit->as_string());
  }
  EDGETRAN_TRY(map.finish());
  return objective;
}

base::Status read_limit(ConfigMap& map, const std::string& key, std::optional<double>& limit) {
  if (auto value = map.find(key)) {
    EDGETRAN_ASSIGN(limit, value->as_number());
  }
  return {};
}

Result<Constraint> read_constraint(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  Constraint constraint;
  EDGETRAN_ASSIGN(ConfigValue name, map.require("name"));
  EDGETRAN_ASSIGN(constraint.name, name.as_string());
  EDGETRAN_TRY(read_limit(map, "min", constraint.min));
  EDGETRAN_TRY(read_limit(map, "max", constraint.max));
  EDGETRAN_TRY(map.finish());
  if (!constraint.min && !constraint.max) {
    return base::fail(value.error("this constraint has no limit", "give min, max or both"));
  }
  if (constraint.min && constraint.max && *constraint.min > *constraint.max) {
    return base::fail(value.error(fmt::format("min {} is above max {}: nothing can satisfy this",
                                              *constraint.min, *constraint.max)));
  }
  return constraint;
}

}  // namespace

std::string Constraint::text() const {
  if (min && max) return fmt::format("{} <= {} <= {}", *min, name, *max);
  if (max) return fmt::format("{} <= {}", name, *max);
  return fmt::format("{} >= {}", name, min.value_or(0));
}

double Constraint::violation(double value) const {
  if (max && value > *max) return value - *max;
  if (min && value < *min) return *min - value;
  return 0;
}

Result<std::vector<double>> Problem::costs(const Metrics& metrics) const {
  std::vector<double> costs;
  for (const Objective& objective : objectives) {
    const auto it = metrics.find(objective.name);
    if (it == metrics.end() || !std::isfinite(it->second)) {
      return base::fail(base::ErrorCategory::kFailed,
                        fmt::format("the objective {} has no {}value", objective.name,
                                    it == metrics.end() ? "" : "finite "));
    }
    costs.push_back(objective.goal == Goal::kMinimize ? it->second : -it->second);
  }
  return costs;
}

const Constraint* Problem::broken(const Metrics& metrics) const {
  for (const Constraint& constraint : constraints) {
    const auto it = metrics.find(constraint.name);
    if (it == metrics.end()) continue;
    // A value that is not a number satisfies no limit.
    if (std::isnan(it->second) || constraint.violation(it->second) > 0) return &constraint;
  }
  return nullptr;
}

bool Problem::feasible(const Metrics& metrics) const {
  const auto known = [&](const Constraint& constraint) {
    return metrics.contains(constraint.name);
  };
  return std::ranges::all_of(constraints, known) && broken(metrics) == nullptr;
}

Result<std::vector<Objective>> read_objectives(const ConfigValue& value) {
  EDGETRAN_ASSIGN(std::vector<ConfigValue> items, value.as_list());
  if (items.empty() || items.size() > kMaxObjectives) {
    return base::fail(value.error(
        fmt::format("{} objectives here, allowed are 1 to {}", items.size(), kMaxObjectives)));
  }
  std::vector<Objective> objectives;
  for (const ConfigValue& item : items) {
    EDGETRAN_ASSIGN(Objective objective, read_objective(item));
    const auto same = [&](const Objective& other) { return other.name == objective.name; };
    if (std::ranges::any_of(objectives, same)) {
      return base::fail(item.error(fmt::format("{} is an objective already", objective.name)));
    }
    objectives.push_back(std::move(objective));
  }
  return objectives;
}

Result<std::vector<Constraint>> read_constraints(const ConfigValue& value) {
  EDGETRAN_ASSIGN(std::vector<ConfigValue> items, value.as_list());
  std::vector<Constraint> constraints;
  for (const ConfigValue& item : items) {
    EDGETRAN_ASSIGN(Constraint constraint, read_constraint(item));
    constraints.push_back(std::move(constraint));
  }
  return constraints;
}

base::Json objectives_json(const std::vector<Objective>& objectives) {
  base::Json json = base::Json::array();
  for (const Objective& objective : objectives) {
    base::Json item;
    item["name"] = objective.name;
    item["goal"] = objective.goal == Goal::kMinimize ? "minimize" : "maximize";
    if (!objective.unit.empty()) item["unit"] = objective.unit;
    json.push_back(std::move(item));
  }
  return json;
}

base::Json constraints_json(const std::vector<Constraint>& constraints) {
  base::Json json = base::Json::array();
  for (const Constraint& constraint : constraints) {
    base::Json item;
    item["name"] = constraint.name;
    if (constraint.min) item["min"] = *constraint.min;
    if (constraint.max) item["max"] = *constraint.max;
    json.push_back(std::move(item));
  }
  return json;
}

}  // namespace edgetran::search
