#include "service/study/study_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "data/glue_source.h"
#include "data/prepare.h"
#include "data/sampled_source.h"
#include "data/source.h"
#include "data/token_file.h"
#include "service/study/study_metrics.h"
#include "service/tokenizer_choice.h"

namespace edgetran::service {

namespace {

using base::Json;
using base::Result;

data::TableSettings files_table(const TaskConfig& task) {
  data::TableSettings settings;
  settings.splits = {{"train", task.train}, {"dev", task.dev}};
  if (!task.test.empty()) settings.splits.push_back({"test", task.test});
  settings.text_columns = {task.text_column};
  if (!task.text_pair_column.empty()) settings.text_columns.push_back(task.text_pair_column);
  settings.label_column = task.label_column;
  settings.kind = task_kind(task);
  return settings;
}

/// Share of the most frequent label among the rows of a token file.
double majority_share(const data::TokenFile& file) {
  std::map<int32_t, int64_t> counts;
  for (int64_t row = 0; row < file.rows(); ++row) ++counts[file.label(row)];
  int64_t most = 0;
  for (const auto& [label, count] : counts) most = std::max(most, count);
  return file.rows() == 0 ? 0 : static_cast<double>(most) / static_cast<double>(file.rows());
}

/// The range of the training rows' scores, into `task`.
base::Status find_score_range(const data::TokenFile& train, PreparedTask& task) {
  task.score_low = task.score_high = train.score(0);
  for (int64_t row = 1; row < train.rows(); ++row) {
    task.score_low = std::min<double>(task.score_low, train.score(row));
    task.score_high = std::max<double>(task.score_high, train.score(row));
  }
  if (task.score_high > task.score_low) return {};
  return base::fail(
      base::ErrorCategory::kUsage,
      fmt::format("all {} training rows have the score {}", train.rows(), task.score_low),
      "give training rows with different scores; with one there is nothing to learn");
}

Result<Json> facts_of(const PreparedTask& task) {
  EDGETRAN_ASSIGN(const auto train, data::TokenFile::open(task.train));
  EDGETRAN_ASSIGN(const auto dev, data::TokenFile::open(task.dev));
  EDGETRAN_ASSIGN(const auto test, data::TokenFile::open(task.test));
  Json facts{
      {"train_rows", train.rows()},
      {"train_tokens", train.tokens()},
      {"dev_rows", dev.rows()},
      {"test_rows", test.rows()},
      {"vocabulary", train.info().vocabulary_size},
  };
  if (task.kind == data::Kind::kRegression) {
    facts["training_scores_low"] = task.score_low;
    facts["training_scores_high"] = task.score_high;
  } else {
    facts["labels"] = task.labels.size();
    facts["majority_share"] = majority_share(test);
  }
  if (!task.subsets.empty()) facts["subsets"] = task.subsets;
  return facts;
}

Result<std::filesystem::path> vocabulary_file(const TaskConfig& task,
                                              const data::DataSource& source,
                                              const std::filesystem::path& cache) {
  if (!task.vocabulary_file.empty()) return std::filesystem::path(task.vocabulary_file);
  if (task.tokenizer == "bpe")
    return data::prepare_bpe(source, {.vocabulary_size = task.vocabulary_size}, cache);
  return data::prepare_vocabulary(source, {.vocabulary_size = task.vocabulary_size}, cache);
}

}  // namespace

Result<data::Kind> find_label_kind(const TaskConfig& task) {
  if (task.label_kind != "auto") return task_kind(task);
  return data::detect_kind(files_table(task));
}

std::string test_split(const data::DataSource& source) {
  const auto splits = source.splits();
  return std::ranges::find(splits, "test") != splits.end() ? "test" : "dev";
}

Result<std::unique_ptr<data::DataSource>> task_source(const TaskConfig& task, uint64_t seed) {
  std::unique_ptr<data::DataSource> source;
  if (!task.task.empty()) {
    EDGETRAN_ASSIGN(source, data::make_glue_source({.task = task.task, .folder = task.data}));
  } else if (task.source == "wordnet") {
    source =
        data::make_wordnet_source({.folder = task.wordnet, .seed = static_cast<int64_t>(seed)});
  } else {
    source = data::make_table_source(files_table(task));
  }
  std::map<std::string, int64_t> limits;
  if (task.train_rows > 0) limits["train"] = task.train_rows;
  if (task.dev_rows > 0) limits["dev"] = task.dev_rows;
  if (task.test_rows > 0) limits["test"] = task.test_rows;
  return data::make_sampled_source(std::move(source), std::move(limits), seed);
}

Result<PreparedTask> prepare_task(const TaskConfig& task, uint64_t seed,
                                  const std::filesystem::path& cache, base::EventSink& events) {
  EDGETRAN_ASSIGN(const auto source, task_source(task, seed));
  events.emit({"message", {{"text", "preparing the data"}}});
  PreparedTask prepared;
  EDGETRAN_ASSIGN(const auto vocabulary, vocabulary_file(task, *source, cache));
  EDGETRAN_ASSIGN(const auto chosen, choose_tokenizer(vocabulary, cache));
  prepared.vocabulary = chosen.file;
  prepared.subsets = source->subsets();
  EDGETRAN_ASSIGN(const auto labelled,
                  data::prepare(*source, chosen.tokenizer(),
                                {.cache_folder = cache, .max_length = task.max_length}));
  EDGETRAN_ASSIGN(
      const auto text,
      data::prepare(*source, chosen.tokenizer(),
                    {.cache_folder = cache, .max_length = task.max_length, .as_text = true}));
  prepared.train = labelled.file("train");
  prepared.dev = labelled.file("dev");
  prepared.scored_on = test_split(*source);
  prepared.test = labelled.file(prepared.scored_on);
  prepared.text = text.file("train");
  EDGETRAN_ASSIGN(const auto train, data::TokenFile::open(prepared.train));
  prepared.kind = train.info().kind;
  prepared.labels = train.info().label_names;
  if (prepared.kind == data::Kind::kRegression) EDGETRAN_TRY(find_score_range(train, prepared));
  prepared.vocabulary_size = train.info().vocabulary_size;
  EDGETRAN_ASSIGN(prepared.facts, facts_of(prepared));
  return prepared;
}

Result<BaselineRows> write_baseline_rows(const TaskConfig& task, uint64_t seed,
                                         const std::filesystem::path& folder) {
  EDGETRAN_ASSIGN(const auto source, task_source(task, seed));
  EDGETRAN_TRY(data::write_tsv(*source, folder));
  const auto splits = source->splits();
  const std::string test = test_split(*source);
  BaselineRows rows{.train = folder / "train.tsv", .test = folder / (test + ".tsv")};
  EDGETRAN_TRY(source->read([&](size_t split, const data::SourceRow&) -> base::Status {
    if (splits[split] == "train") ++rows.train_rows;
    if (splits[split] == test) ++rows.test_rows;
    return {};
  }));
  return rows;
}

}  // namespace edgetran::service
