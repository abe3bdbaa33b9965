#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/settings.h"
#include "data/source.h"
#include "data/tokenizer.h"
#include "service/request.h"
#include "weights/model_folder.h"

namespace edgetran::service {

/// The data flags that finetune, evaluate and data describe share.
struct LabelledDataFlags {
  std::string task;  ///< "wordnet", a GLUE task, or empty with files
  std::string data;  ///< folder of the task's files; empty: where they usually are
  std::string train, dev;
  std::string text_column = "text";
  std::string label_column = "label";
  std::string label_kind = "auto";  ///< of files: "auto", "class" or "score"
};
const base::Settings<LabelledDataFlags>& labelled_data_settings();

/// The rows that the flags name; `train`: with the training rows. `model`, where given, says which
/// classes there are or that it gives scores. With label_kind "auto" and no such model, labels are
/// scores where all of them are numbers and one at least is not whole.
base::Result<std::unique_ptr<data::DataSource>> labelled_source(const LabelledDataFlags& flags,
                                                                bool train,
                                                                const weights::ModelInfo* model);

/// Token files made from the flags.
struct LabelledTokens {
  std::filesystem::path train;  ///< empty without training rows
  std::filesystem::path dev;
  std::filesystem::path dev_mismatched;  ///< of MNLI, where its file is there
  std::vector<std::string> subsets;      ///< splits that are only a part of the data set
};

/// Prepares the rows of labelled_source() for a model: cut to `max_length`, in the tokenizer's ids.
base::Result<LabelledTokens> prepare_labelled(Context& context, const LabelledDataFlags& flags,
                                              bool train, const data::Tokenizer& tokenizer,
                                              int64_t max_length, const weights::ModelInfo* model);

/// Puts what the data are into a result's figures: `task` where it has a name, `subsets`, a `note`
/// where there are some, and for a GLUE task `glue` with the metrics that GLUE reports and their
/// mean as `score`.
void describe_data(const LabelledDataFlags& flags, const std::vector<std::string>& subsets,
                   base::Json& figures);

/// `subsets` with "train" in front where the model's last fine-tuning was on a subset, so that an
/// evaluation on whole data says what the model has seen.
std::vector<std::string> with_training_subset(std::vector<std::string> subsets,
                                              const base::Json& history);

/// What a result from parts of a data set says of itself; empty without subsets.
std::string subset_note(const std::vector<std::string>& subsets);

}  // namespace edgetran::service
