#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "base/result.h"
#include "search/problem.h"
#include "search/recommend.h"
#include "space/design_space.h"
#include "train/settings.h"

namespace edgetran::service {

/// What is to be learnt: where the rows come from and how they become tokens.
struct TaskConfig {
  std::string source = "wordnet";  ///< "wordnet", or "files" with the paths below
  std::string task;                ///< a GLUE task by name, in place of `source`
  std::string data;                ///< its folder, or the one of GLUE's task folders
  std::string wordnet = "/usr/share/wordnet";
  std::string train, dev, test;  ///< CSV, TSV or JSONL; test may be empty: dev is reported
  std::string text_column = "text";
  std::string text_pair_column;
  std::string label_column = "label";
  /// What own files' label column holds: "auto", "class" or "score". "auto" is settled when the
  /// study is read.
  std::string label_kind = "auto";
  std::string vocabulary_file;          ///< empty: one is trained on the training texts
  std::string tokenizer = "wordpiece";  ///< of a trained one: "wordpiece" or "bpe"
  int64_t vocabulary_size = 8192;       ///< of a trained one
  int64_t max_length = 32;
  int64_t train_rows = 0;  ///< at most so many; 0: all
  int64_t dev_rows = 0;
  int64_t test_rows = 0;
};

/// Masked-language-model training before the task, a trial at a time; 0 tokens: none.
struct PretrainingConfig {
  int64_t tokens = 0;
  int64_t batch = 32;
  int64_t length = 128;
  double learning_rate = 1e-3;
};

/// How trials are trained: the trainer's settings and the machine's share.
struct ExecutionConfig {
  int64_t workers = 0;  ///< trials trained side by side; 0: one a core
  int64_t threads = 1;  ///< a worker; results are bit for bit repeatable with one
  std::string precision = "fp32";
  double memory_limit_gib = 0;  ///< of a worker; 0: none
};

struct MeasurementConfig {
  std::string profile = "quick";
  int64_t batch = 0;          ///< 0: each deployment's own
  int64_t length = 0;         ///< 0: each deployment's own
  int64_t deploy_rows = 256;  ///< test rows that the deployed file is verified on
};

/// A whole study: study.yaml read, with the space and the device cards that it names.
struct StudyConfig {
  std::string name;
  int64_t seed = 1;
  TaskConfig task;
  PretrainingConfig pretraining;
  train::TrainSettings training;
  ExecutionConfig execution;
  MeasurementConfig measurement;
  space::DesignSpace space;
  std::vector<std::string> devices;  ///< card files, or "this-machine"
  base::Json search;                 ///< method and its settings, as written
  search::Problem problem;
  search::Preference preference;
  std::string baseline;  ///< program run as PROGRAM TRAIN.tsv TEST.tsv; empty: none
};

/// Reads a study (`edgetran.study/1`). Relative paths in it are relative to the file's folder.
/// Where the file names no objectives they are the task's metric (study_metrics.h) and latency; for
/// that the label column of own files is looked into, unless label_kind says what it holds. Errors
/// are usage errors with file, line, column and caret.
base::Result<StudyConfig> read_study_config(const std::filesystem::path& file);
base::Result<StudyConfig> read_study_config(const base::ConfigValue& value,
                                            const std::filesystem::path& folder);

/// Everything that decides the study's results, as stored with it; two equal values continue each
/// other. The execution section is left out: it changes only the time.
base::Json study_config_json(const StudyConfig& config);

const base::Settings<TaskConfig>& task_settings();
const base::Settings<PretrainingConfig>& pretraining_settings();
const base::Settings<ExecutionConfig>& execution_settings();
const base::Settings<MeasurementConfig>& measurement_settings();

/// JSON Schema of study.yaml, made from the same declarations.
base::Json study_schema();

}  // namespace edgetran::service
