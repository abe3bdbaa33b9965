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
  Figure quality;     ///< of the last rung; with an interval where the rows are known: Wilson's of
                      ///< accuracy, Fisher's of Pearson's correlation
  Figure latency_s;
  std::optional<double> energy_j, peak_power_w, memory_bytes;
  std::vector<std::string> flags;  ///< of the measurement
  bool complete = false;           ///< trained to the end
  bool front = false;              ///< of the complete ones, none is both faster and better
};

/// Every measured pair, by trial and then in the order of the study's devices.
std::vector<Evaluation> evaluations_of(const store::StudyView& study);

/// The study's recommended pair as an index into `evaluations`; nullopt where there is none.
std::optional<size_t> recommended_of(const store::StudyView& study,
                                     const std::vector<Evaluation>& evaluations);

/// Wilson's 95 % interval of a share seen in `rows` > 0 trials (Wilson, JASA 22, 1927).
Figure wilson_interval(double share, double rows);

/// Fisher's 95 % interval of Pearson's correlation over `rows` (Fisher, Metron 1, 1921): normal in
/// atanh(r) with variance 1 / (rows - 3). Without bounds where there are three rows or fewer.
Figure fisher_interval(double correlation, double rows);

}  // namespace edgetran::report
