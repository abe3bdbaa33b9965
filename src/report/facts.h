#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "store/study_view.h"

namespace edgetran::report {

/// A name and what it is, both as text for people.
using Fact = std::pair<std::string, std::string>;

struct FactGroup {
  std::string title;
  std::vector<Fact> rows;
};

/// The leaves of any JSON value as facts: nested names are joined by blanks, '_' reads as a blank,
/// a list of scalars is one fact. Long texts are cut at 300 bytes.
std::vector<Fact> flatten(const base::Json& value);

/// What the study rests on: its scalars, objectives and limits in "Study", then a group for each
/// object in its configuration and result (data, machine, versions, ...).
std::vector<FactGroup> study_facts(const store::StudyView& study);

/// Failed and infeasible trials and flagged measurements, each with its reason.
std::vector<Fact> study_problems(const store::StudyView& study);

}  // namespace edgetran::report
