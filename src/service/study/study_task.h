#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/event.h"
#include "base/json.h"
#include "base/result.h"
#include "data/source.h"
#include "service/study/study_config.h"

namespace edgetran::service {

/// What the label column of the task's own files holds, by `label_kind` or by looking into the
/// training file.
base::Result<data::Kind> find_label_kind(const TaskConfig& task);

/// The split that the final model is scored on: "test", or "dev" where there is none.
std::string test_split(const data::DataSource& source);

/// The rows that a task names, with splits train, dev and, where there is one, test.
base::Result<std::unique_ptr<data::DataSource>> task_source(const TaskConfig& task, uint64_t seed);

/// A task ready for the worker: all files stand in the cache and are named by content.
struct PreparedTask {
  std::filesystem::path vocabulary;  ///< vocab.txt or tokenizer.json
  std::filesystem::path train, dev,
      test;                    ///< labelled token files; test is dev where none is given
  std::string scored_on;       ///< which of both it is: "test" or "dev"
  std::filesystem::path text;  ///< training texts for pre-training
  data::Kind kind = data::Kind::kClassification;  ///< or kRegression
  std::vector<std::string> labels;                ///< of classes
  double score_low = 0, score_high = 0;           ///< of the training rows' scores
  std::vector<std::string> subsets;               ///< splits that are only a part of the data set
  int64_t vocabulary_size = 0;
  base::Json facts;  ///< rows, labels or range of the scores, ...

  /// Outputs of a model for it: one a class, or one score.
  int64_t outputs() const {
    return kind == data::Kind::kRegression ? 1 : static_cast<int64_t>(labels.size());
  }
};

/// Reads the rows, makes or reads the vocabulary, and writes token files into `cache` unless they
/// are there. Scores that are all the same are kUsage: there is nothing to learn. Depends only on
/// the inputs' bytes, the settings and `seed`.
base::Result<PreparedTask> prepare_task(const TaskConfig& task, uint64_t seed,
                                        const std::filesystem::path& cache,
                                        base::EventSink& events);

/// The training and test rows as text<TAB>label, for baseline programs.
struct BaselineRows {
  std::filesystem::path train, test;
  int64_t train_rows = 0, test_rows = 0;
};
base::Result<BaselineRows> write_baseline_rows(const TaskConfig& task, uint64_t seed,
                                               const std::filesystem::path& folder);

}  // namespace edgetran::service
