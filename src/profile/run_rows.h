#pragma once

#include <cstdint>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"
#include "profile/runtime.h"

namespace edgetran::profile {

/// Runs a model on `inputs` [rows, ...], `batch` rows at a time, and puts the outputs together
/// along their first dimension. rows must be a multiple of batch, and the same for every input; the
/// model must want [batch, ...]. kUsage where that is not so; kInterrupted on cancel.
base::Result<std::vector<Tensor>> run_rows(CompiledModel& model, const std::vector<Tensor>& inputs,
                                           int64_t batch, const base::CancelToken& cancel);

}  // namespace edgetran::profile
