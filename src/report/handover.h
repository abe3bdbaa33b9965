#pragma once

#include <string>
#include <vector>

#include "report/facts.h"
#include "report/quality.h"
#include "store/study_view.h"

namespace edgetran::report {

/// What was handed over, in words and shown figures: files, test score, latency as deployed, and
/// how the deployed file agrees with the trained model. `rows` names those it was scored on
/// (scored_rows() of the study). Members that are not known are left out;
/// where none is known, everything is shown as it stands.
std::vector<Fact> handover_facts(const store::DeployedView& deployed, const Quality& quality,
                                 const std::string& rows);

}  // namespace edgetran::report
