#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/cancel.h"
#include "base/json.h"
#include "base/result.h"
#include "service/study/study_config.h"
#include "service/study/study_task.h"

namespace edgetran::service {

/// Payload of study.baseline of the answer that needs no text, scored on the test rows: of classes
/// the test rows' most frequent one, of scores the training rows' mean.
base::Result<base::Json> constant_baseline(const PreparedTask& task);

/// Runs `program` (words split at blanks) as PROGRAM TRAIN.tsv TEST.tsv on the task's training and
/// test rows, written into `folder` as text<TAB>label. It prints one JSON object with `metric`
/// and other numbers on its last line of output. Returns the payload of study.baseline.
base::Result<base::Json> run_baseline_program(const std::string& program, const TaskConfig& task,
                                              const std::string& metric, uint64_t seed,
                                              const std::filesystem::path& folder,
                                              const base::CancelToken& cancel);

}  // namespace edgetran::service
