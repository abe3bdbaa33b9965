#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/study_view.h"

namespace edgetran::report {

/// A command line for the reader to copy.
struct Command {
  std::string title;  ///< "Measure it again"
  std::string line;
};

struct ReportOptions {
  std::string program;            ///< "edgetran 0.1.0", shown at the foot
  std::vector<Command> commands;  ///< shown with the recommended pair
};

/// One HTML file with the study's data, script and style inside; asks no network. The same view
/// and options give the same bytes. Above 64 MiB of data: kResource.
///
/// The recommended pair is the view's `result.recommended` {trial, device, reason?}; other members
/// of `config` and `result` are shown as facts of the study, a group an object.
base::Result<std::string> render_report(const store::StudyView& study,
                                        const ReportOptions& options);

/// A line an evaluation (trial on a device), RFC 4180, SI units in the column names, empty where a
/// figure is not known. Columns: trial, device, kind, state, <quality>, <quality>_low,
/// <quality>_high, latency_s, latency_low_s, latency_high_s, energy_j, peak_power_w, memory_bytes,
/// parameters, flops, tokens, front, recommended, spec_hash, subsets (splits that are only a part
/// of the data set, set apart by blanks).
std::string render_csv(const store::StudyView& study);

/// The recommended pair, the baselines, the front and the problems as a Markdown page.
std::string render_markdown(const store::StudyView& study);

}  // namespace edgetran::report
