#include "report/quality.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/units.h"

namespace edgetran::report {
namespace {

struct Title {
  std::string_view name, title;
  bool correlation = false;
};

// Metrics whose title is not their name.
constexpr std::array<Title, 5> kTitles = {{{"f1", "F1"},
                                           {"macro_f1", "macro F1"},
                                           {"matthews", "Matthews correlation", true},
                                           {"pearson", "Pearson correlation", true},
                                           {"spearman", "Spearman correlation", true}}};

/// A member of the configuration's `data`; null where it is not there.
base::Json data_member(const store::StudyView& study, const char* name) {
  if (!study.config.is_object()) return nullptr;
  const auto data = study.config.find("data");
  return data != study.config.end() && data->is_object() ? data->value(name, base::Json())
                                                         : base::Json();
}

std::string data_text(const store::StudyView& study, const char* name) {
  const base::Json text = data_member(study, name);
  return text.is_string() ? text.get<std::string>() : std::string();
}

}  // namespace

std::string Quality::text(double value) const {
  return share ? base::format_percent(value) : fmt::format("{:.3g}", value);
}

Quality quality_of_name(const std::string& name) {
  const bool share =
      name.find("accuracy") != std::string::npos || name.find("f1") != std::string::npos;
  const auto* known = std::ranges::find(kTitles, name, &Title::name);
  if (known != kTitles.end())
    return {name, std::string(known->title), share, share || known->correlation};
  std::string title = name;
  std::ranges::replace(title, '_', ' ');
  return {name, std::move(title), share, share};
}

Quality study_quality(const store::StudyView& study) {
  for (const store::ObjectiveView& objective : study.objectives)
    if (objective.maximize) return quality_of_name(objective.name);
  const std::string own = data_text(study, "metric");
  return quality_of_name(own.empty() ? "accuracy" : own);
}

std::string scored_rows(const store::StudyView& study) {
  return data_text(study, "scored_on") == "dev" ? "development rows" : "test rows";
}

std::vector<std::string> study_subsets(const store::StudyView& study) {
  std::vector<std::string> splits;
  for (const base::Json& split : data_member(study, "subsets"))
    if (split.is_string()) splits.push_back(split.get<std::string>());
  return splits;
}

std::string subset_note(const store::StudyView& study) { return data_text(study, "note"); }

}  // namespace edgetran::report
