#pragma once

#include <filesystem>
#include <string>

#include "base/settings.h"
#include "service/request.h"

namespace edgetran::service {

/// The data flags that finetune, evaluate and data prepare share.
struct LabelledDataFlags {
  std::string task;  ///< "wordnet", or empty with files
  std::string data;  ///< folder of the task's files; empty: where they usually are
  std::string train, dev;
  std::string text_column = "text";
  std::string label_column = "label";
};
const base::Settings<LabelledDataFlags>& labelled_data_settings();

/// Token files made from the flags.
struct LabelledTokens {
  std::filesystem::path train, dev;
  std::vector<std::string> labels;
};

/// Prepares the data for a model: rows cut to `max_length`, tokens by the model folder's
/// vocabulary. `labels`: the model's label names, empty where it has none yet. Without `train` in
/// the flags only dev is made.
base::Result<LabelledTokens> prepare_labelled(Context& context, const LabelledDataFlags& flags,
                                              const std::filesystem::path& vocabulary,
                                              int64_t max_length,
                                              const std::vector<std::string>& labels);

/// Path of the vocabulary to use: `flag` where given, else the one in the model folder. kUsage
/// where there is neither, or where its size is not that of the spec.
base::Result<std::filesystem::path> vocabulary_of(const std::filesystem::path& model,
                                                  const std::string& flag);

}  // namespace edgetran::service
