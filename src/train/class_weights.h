#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace edgetran::train {

/// Whether `text` can be the setting class_weights: "none", "balanced", or finite numbers above
/// zero with commas between. kUsage with the part that is wrong.
base::Status check_class_weights(const std::string& text);

/// Weight of each label; empty for "none". `rows` [labels]: training rows of each. "balanced" gives
/// all rows over (labels * rows of the label), as scikit-learn does. kUsage where there is another
/// number of weights than of labels, or a label without rows to balance.
base::Result<std::vector<double>> class_weights(const std::string& text,
                                                std::span<const int64_t> rows,
                                                std::span<const std::string> label_names);

}  // namespace edgetran::train
