#include "service/training_data.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "data/glue_source.h"
#include "data/prepare.h"
#include "data/token_file.h"

namespace edgetran::service {

namespace {

using base::ErrorCategory;
using base::Result;
using Source = std::unique_ptr<data::DataSource>;

Result<data::Kind> kind_of(const LabelledDataFlags& flags, const data::TableSettings& table,
                           const weights::ModelInfo* model) {
  if (flags.label_kind == "class") return data::Kind::kClassification;
  if (flags.label_kind == "score") return data::Kind::kRegression;
  if (model != nullptr && model->labels > 0)
    return model->labels == 1 ? data::Kind::kRegression : data::Kind::kClassification;
  return data::detect_kind(table);
}

Result<Source> files_source(const LabelledDataFlags& flags, bool train,
                            const weights::ModelInfo* model) {
  if (flags.dev.empty())
    return base::fail(ErrorCategory::kUsage, "no data: neither --task nor --dev was given",
                      "give --task NAME --data DIR, or --train FILE --dev FILE");
  data::TableSettings settings;
  if (train && !flags.train.empty()) settings.splits.push_back({"train", flags.train});
  settings.splits.push_back({"dev", flags.dev});
  const auto columns = base::split(flags.text_column, ',');
  settings.text_columns.assign(columns.begin(), columns.end());
  if (columns.size() > 2 || std::ranges::find(columns, "") != columns.end())
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("--text-column is '{}'; one column or two, as COL,COL2, are "
                                  "allowed",
                                  flags.text_column));
  settings.label_column = flags.label_column;
  if (model != nullptr) settings.label_names = model->label_names;
  EDGETRAN_ASSIGN(settings.kind, kind_of(flags, settings, model));
  return data::make_table_source(std::move(settings));
}

}  // namespace

const base::Settings<LabelledDataFlags>& labelled_data_settings() {
  static const auto settings = [] {
    base::Settings<LabelledDataFlags> s;
    s.string("task", &LabelledDataFlags::task,
             "A task by name: wordnet, or one of GLUE (CoLA, SST-2, MRPC, STS-B, QQP, MNLI, QNLI, "
             "RTE, WNLI)")
        .string("data", &LabelledDataFlags::data,
                "Folder of the task's files, or of GLUE's task folders; for wordnet empty: where "
                "the package puts them")
        .string("train", &LabelledDataFlags::train, "Training rows (CSV, TSV or JSONL)")
        .string("dev", &LabelledDataFlags::dev, "Rows to evaluate on")
        .string("text_column", &LabelledDataFlags::text_column,
                "Column of the text; two, separated by a comma, for pairs")
        .string("label_column", &LabelledDataFlags::label_column, "Column of the label or score")
        .choice("label_kind", &LabelledDataFlags::label_kind, {"auto", "class", "score"},
                "What the label column holds; auto: scores where all are numbers and one at least "
                "is not whole");
    return s;
  }();
  return settings;
}

Result<Source> labelled_source(const LabelledDataFlags& flags, bool train,
                               const weights::ModelInfo* model) {
  if (flags.task == "wordnet") {
    data::WordNetSettings settings;
    if (!flags.data.empty()) settings.folder = flags.data;
    return data::make_wordnet_source(settings);
  }
  if (flags.task.empty()) return files_source(flags, train, model);
  const auto task = data::find_glue_task(flags.task);
  if (!task) {
    base::Error error = task.error();
    error.message += "; wordnet is a task too";
    if (error.hint.empty()) error.hint = "for your own rows give --train and --dev, not --task";
    return base::fail(std::move(error));
  }
  if (flags.data.empty())
    return base::fail(ErrorCategory::kUsage, fmt::format("the task {} needs --data", (*task)->name),
                      "name the folder of its files, or the one that holds GLUE's task folders");
  return data::make_glue_source({.task = flags.task, .folder = flags.data, .train = train});
}

Result<LabelledTokens> prepare_labelled(Context& context, const LabelledDataFlags& flags,
                                        bool train, const data::Tokenizer& tokenizer,
                                        int64_t max_length, const weights::ModelInfo* model) {
  EDGETRAN_ASSIGN(const auto source, labelled_source(flags, train, model));
  EDGETRAN_ASSIGN(
      const auto prepared,
      data::prepare(*source, tokenizer, {.cache_folder = context.cache, .max_length = max_length}));
  return LabelledTokens{.train = prepared.file("train"),
                        .dev = prepared.file("dev"),
                        .dev_mismatched = prepared.file("dev_mismatched"),
                        .subsets = source->subsets()};
}

std::vector<std::string> with_training_subset(std::vector<std::string> subsets,
                                              const base::Json& history) {
  const auto jobs = history.find("jobs");
  if (jobs == history.end() || !jobs->is_array()) return subsets;
  bool subset = false;
  for (const base::Json& job : *jobs) {
    if (!job.is_object() || job.value("kind", "") != "finetune") continue;
    const auto data = job.find("data");
    subset = data != job.end() && data->is_object() && data->contains("subset");
  }
  if (subset && std::ranges::find(subsets, "train") == subsets.end())
    subsets.insert(subsets.begin(), "train");
  return subsets;
}

std::string subset_note(const std::vector<std::string>& subsets) {
  if (subsets.empty()) return {};
  return fmt::format("{} only a subset of the data set; results do not compare with published ones",
                     base::join_words(subsets) + (subsets.size() == 1 ? " is" : " are"));
}

void describe_data(const LabelledDataFlags& flags, const std::vector<std::string>& subsets,
                   base::Json& figures) {
  figures["subsets"] = subsets;
  if (!subsets.empty()) figures["note"] = subset_note(subsets);
  if (flags.task.empty()) return;
  figures["task"] = flags.task;
  const auto task = data::find_glue_task(flags.task);
  if (!task) return;
  figures["task"] = (*task)->name;
  base::Json metrics = base::Json::object();
  double sum = 0;
  for (const std::string& name : (*task)->metrics)
    if (const auto found = figures.find(name); found != figures.end()) {
      metrics[name] = *found;
      sum += found->get<double>();
    }
  if (metrics.empty()) return;
  figures["glue"] = metrics;
  figures["score"] = sum / static_cast<double>(metrics.size());
}

}  // namespace edgetran::service
