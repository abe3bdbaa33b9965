#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "store/study_view.h"

namespace edgetran::report {

/// A figure with its 95 % interval; absent parts are not known.
struct Figure {
  std::optional<double> value, low, high;
};

/// A trial on a device that it was measured on.
struct Evaluation {
  size_t trial = 0;   ///< index into StudyView::trials
  size_t device = 0;  ///< index into StudyView::devices
  std::string kind;   ///< measured|modelled|replayed
  Figure quality;     ///< of the last rung; the interval is Wilson's where the rows are known
  Figure latency_s;
  std::optional<double> energy_j, peak_power_w, memory_bytes;
  std::vector<std::string> flags;  ///< of the measurement
  bool complete = false;           ///< trained to the end
  bool front = false;              ///< of the complete ones, none is both faster and better
};

/// The metric on the vertical axis: the first objective to be maximised, else "accuracy".
std::string quality_name(const store::StudyView& study);

/// Whether the metric is a share of rows, shown in per cent.
bool is_share(const std::string& quality);

/// Every measured pair, by trial and then in the order of the study's devices.
std::vector<Evaluation> evaluations_of(const store::StudyView& study);

/// The study's recommended pair as an index into `evaluations`; nullopt where there is none.
std::optional<size_t> recommended_of(const store::StudyView& study,
                                     const std::vector<Evaluation>& evaluations);

/// Wilson's 95 % interval of a share seen in `rows` > 0 trials (Wilson, JASA 22, 1927).
Figure wilson_interval(double share, double rows);

}  // namespace edgetran::report
