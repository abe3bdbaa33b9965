#pragma once

#include "base/json.h"
#include "report/report.h"
#include "store/study_view.h"

namespace edgetran::report {

/// What the page draws, "edgetran.page/1"; webui/src/page.ts is its reader and describes each
/// member. Figures are rounded to six significant digits, evaluations are stored as columns.
base::Json page_data(const store::StudyView& study, const ReportOptions& options);

}  // namespace edgetran::report
