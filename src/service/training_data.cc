#include "service/training_data.h"

#include <fmt/format.h>

#include "base/text.h"
#include "data/prepare.h"
#include "data/source.h"
#include "data/token_file.h"
#include "data/vocabulary.h"
#include "data/wordpiece.h"
#include "weights/model_folder.h"

namespace edgetran::service {

namespace {

using base::ErrorCategory;
using base::Result;

Result<std::unique_ptr<data::DataSource>> source_of(const LabelledDataFlags& flags,
                                                    const std::vector<std::string>& labels) {
  if (flags.task == "wordnet") {
    data::WordNetSettings settings;
    if (!flags.data.empty()) settings.folder = flags.data;
    return data::make_wordnet_source(settings);
  }
  if (!flags.task.empty())
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("unknown task '{}'; allowed: wordnet", flags.task),
                      "for your own rows give --train and --dev instead of --task");
  if (flags.dev.empty())
    return base::fail(ErrorCategory::kUsage, "no data: neither --task nor --dev was given",
                      "give --task wordnet, or --train FILE --dev FILE");
  data::TableSettings settings;
  if (!flags.train.empty()) settings.splits.push_back({"train", flags.train});
  settings.splits.push_back({"dev", flags.dev});
  const auto columns = base::split(flags.text_column, ',');
  settings.text_columns.assign(columns.begin(), columns.end());
  settings.label_column = flags.label_column;
  settings.label_names = labels;
  return data::make_table_source(std::move(settings));
}

}  // namespace

const base::Settings<LabelledDataFlags>& labelled_data_settings() {
  static const auto settings = [] {
    base::Settings<LabelledDataFlags> s;
    s.string("task", &LabelledDataFlags::task, "A task by name: wordnet")
        .string("data", &LabelledDataFlags::data,
                "Folder of the task's files; empty: where the package puts them")
        .string("train", &LabelledDataFlags::train, "Training rows (CSV, TSV or JSONL)")
        .string("dev", &LabelledDataFlags::dev, "Rows to evaluate on")
        .string("text_column", &LabelledDataFlags::text_column,
                "Column of the text; two, separated by a comma, for pairs")
        .string("label_column", &LabelledDataFlags::label_column, "Column of the label");
    return s;
  }();
  return settings;
}

Result<LabelledTokens> prepare_labelled(Context& context, const LabelledDataFlags& flags,
                                        const std::filesystem::path& vocabulary, int64_t max_length,
                                        const std::vector<std::string>& labels) {
  EDGETRAN_ASSIGN(const auto source, source_of(flags, labels));
  EDGETRAN_ASSIGN(const auto tokenizer, data::load_wordpiece(vocabulary));
  EDGETRAN_ASSIGN(const auto prepared,
                  data::prepare(*source, *tokenizer,
                                {.cache_folder = context.cache, .max_length = max_length}));
  LabelledTokens tokens{.train = prepared.file("train"), .dev = prepared.file("dev"), .labels = {}};
  EDGETRAN_ASSIGN(const auto dev, data::TokenFile::open(tokens.dev));
  tokens.labels = dev.info().label_names;
  return tokens;
}

Result<std::filesystem::path> vocabulary_of(const std::filesystem::path& model,
                                            const std::string& flag) {
  EDGETRAN_ASSIGN(const auto info, weights::read_model_info(model));
  std::filesystem::path path = flag;
  if (flag.empty()) {
    if (!std::filesystem::is_directory(model) || info.tokenizer.empty())
      return base::fail(ErrorCategory::kUsage,
                        fmt::format("'{}' comes without a vocabulary", model.string()),
                        "give --vocabulary vocab.txt");
    path = model / info.tokenizer;
  }
  EDGETRAN_ASSIGN(const auto vocabulary, data::Vocabulary::load(path));
  if (vocabulary.size() != info.spec.vocabulary)
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("'{}' has {} entries, the model has a vocabulary of {}",
                                  path.string(), vocabulary.size(), info.spec.vocabulary),
                      "use the vocabulary the model was made for, or change the spec");
  return path;
}

}  // namespace edgetran::service
