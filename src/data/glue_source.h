#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "data/glue_tasks.h"
#include "data/source.h"

namespace edgetran::data {

struct GlueSettings {
  std::string task;    ///< name of a GLUE task
  std::string folder;  ///< the task's folder, or the one that holds the tasks' folders
  bool train = true;   ///< with the training rows; false: only what is evaluated on
};

/// The labelled rows of a GLUE task. Splits: "train" (train.tsv, or train_subset.tsv where that is
/// all there is; each plain or as .xz), "dev", and for MNLI, where its file is there,
/// "dev_mismatched". test.tsv has no labels and is not read; neither is anything else in the
/// folder. Columns are found by name in the header line, or, for official files without one, by
/// number. Texts may be empty and rows too short only where GLUE's own files have such (QQP).
/// Errors: an unknown task; kNotFound with the files that were looked for. The rows' errors come
/// with read().
base::Result<std::unique_ptr<DataSource>> make_glue_source(const GlueSettings& settings);

}  // namespace edgetran::data
