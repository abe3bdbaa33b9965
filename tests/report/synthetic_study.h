#pragma once

#include <cstdint>

#include "store/study_view.h"

namespace edgetran::report {

/// A finished study of `trials` >= 8 encoders on three deployments, drawn from `seed`: larger
/// encoders are slower and better, a third is trained to the end, every eighth failed, the third
/// deployment's figures are modelled. Texts contain characters that HTML and CSV must escape.
store::StudyView synthetic_study(int64_t trials, uint64_t seed = 7);

/// The same study of scores: Pearson's correlation in place of accuracy, on rows that are only a
/// part of the data set and among which there are no test rows.
store::StudyView scored_study(int64_t trials, uint64_t seed = 7);

}  // namespace edgetran::report
