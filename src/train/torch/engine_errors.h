#pragma once

#include <cstdint>
#include <exception>
#include <string_view>

#include "base/result.h"
#include "train/job.h"

namespace edgetran::train::torch_engine {

/// What a job had become when the engine gave up on it; 0 where not known yet.
struct JobSize {
  int64_t parameters = 0;
  int64_t longest = 0;  ///< positions of the longest row
};

/// The exception as an error. Memory that ran out - of the host or of the device, also as the
/// engine's own exceptions and as a thread that could not be started - is kResource with the sizes
/// that need it and what to make smaller; anything else is kFailed.
base::Error error_from_engine(const std::exception& exception, const TrainJob& job,
                              const JobSize& size);

/// The same outside a job: "libtorch cannot {action} the model: words".
base::Error error_from_engine(const std::exception& exception, std::string_view action);

}  // namespace edgetran::train::torch_engine
