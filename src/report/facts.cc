#include "report/facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "report/evaluations.h"

namespace edgetran::report {

namespace {

constexpr size_t kLongest = 300;  // bytes of a text: a path or a sentence, never a document

std::string readable(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

std::string scalar_text(const base::Json& value) {
  std::string text = value.is_string() ? value.get<std::string>() : base::dump_json(value);
  if (value.is_boolean()) text = value.get<bool>() ? "yes" : "no";
  if (text.size() <= kLongest) return text;
  size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

bool is_scalar_list(const base::Json& value) {
  return value.is_array() && std::all_of(value.begin(), value.end(), [](const base::Json& item) {
           return item.is_primitive();
         });
}

std::string list_text(const base::Json& list) {
  std::string text;
  for (const base::Json& item : list) text += (text.empty() ? "" : ", ") + scalar_text(item);
  return scalar_text(text);
}

void collect(const std::string& name, const base::Json& value, std::vector<Fact>& facts) {
  const std::string prefix = name.empty() ? "" : name + " ";
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) collect(prefix + readable(key), member, facts);
  } else if (is_scalar_list(value)) {
    if (!value.empty()) facts.emplace_back(name, list_text(value));
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i)
      collect(prefix + std::to_string(i + 1), value[i], facts);
  } else if (!value.is_null()) {
    facts.emplace_back(name, scalar_text(value));
  }
}

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z')
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string goal_text(const store::ObjectiveView& objective) {
  const char* goal = objective.maximize ? "as high" : "as low";
  return fmt::format("{} as possible{}", goal,
                     objective.unit.empty() ? "" : " (" + objective.unit + ")");
}

std::string limit_text(const store::ConstraintView& limit) {
  std::string text;
  if (limit.min) text += fmt::format("at least {}", *limit.min);
  if (limit.max) text += fmt::format("{}at most {}", text.empty() ? "" : ", ", *limit.max);
  return text;
}

/// Objects become groups of their own (joined with one of the same name); the rest goes to `main`.
void add_groups(const base::Json& source, FactGroup& main, std::vector<FactGroup>& groups) {
  if (!source.is_object()) return;
  for (const auto& [key, value] : source.items()) {
    if (key == "recommended" || key == "name" || key == "seed") continue;
    if (!value.is_object()) {
      collect(readable(key), value, main.rows);
      continue;
    }
    const std::string title = capitalised(readable(key));
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const FactGroup& one) { return one.title == title; });
    if (group == groups.end()) group = groups.insert(groups.end(), FactGroup{title, {}});
    collect("", value, group->rows);
  }
}

}  // namespace

std::vector<Fact> flatten(const base::Json& value) {
  std::vector<Fact> facts;
  collect("", value, facts);
  return facts;
}

std::vector<FactGroup> study_facts(const store::StudyView& study) {
  FactGroup main{"Study", {}};
  main.rows.emplace_back("seed", std::to_string(study.seed));
  main.rows.emplace_back("begun", base::iso_time(study.created_s));
  main.rows.emplace_back(study.finished ? "finished" : "last event",
                         base::iso_time(study.updated_s));
  for (const store::ObjectiveView& objective : study.objectives)
    main.rows.emplace_back(readable(objective.name), goal_text(objective));
  for (const store::ConstraintView& limit : study.constraints)
    main.rows.emplace_back("limit on " + readable(limit.name), limit_text(limit));
  std::vector<FactGroup> groups;
  add_groups(study.config, main, groups);
  add_groups(study.result, main, groups);
  std::erase_if(groups, [](const FactGroup& group) { return group.rows.empty(); });
  groups.insert(groups.begin(), std::move(main));
  return groups;
}

std::vector<Fact> study_problems(const store::StudyView& study) {
  std::vector<Fact> problems;
  for (const store::TrialView& trial : study.trials) {
    if (trial.state != "failed" && trial.state != "infeasible" && trial.state != "abandoned")
      continue;
    problems.emplace_back(fmt::format("Encoder {} {}:", trial.trial, trial.state),
                          trial.reason.empty() ? "no reason given" : trial.reason);
  }
  for (const Evaluation& one : evaluations_of(study)) {
    if (one.flags.empty()) continue;
    problems.emplace_back(fmt::format("Encoder {} on {}:", study.trials[one.trial].trial,
                                      study.devices[one.device].name),
                          fmt::format("measurement flagged {}", fmt::join(one.flags, ", ")));
  }
  return problems;
}

}  // namespace edgetran::report
