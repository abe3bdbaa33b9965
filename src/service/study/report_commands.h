#pragma once

#include <filesystem>
#include <vector>

#include "report/report.h"
#include "store/study_view.h"

namespace edgetran::service {

/// What a reader of the report may want to run on the deployed pair: measure it again, score it.
std::vector<report::Command> report_commands(const store::StudyView& view,
                                             const std::filesystem::path& study);

}  // namespace edgetran::service
