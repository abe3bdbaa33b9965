#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "encoder/encoder.h"
#include "graph/graph.h"
#include "space/model_spec.h"
#include "weights/weights.h"

namespace edgetran::weights {

inline constexpr std::string_view kModelFormat = "edgetran.model/1";
inline constexpr std::string_view kModelFile = "model.json";
inline constexpr std::string_view kWeightsFile = "model.safetensors";
inline constexpr std::string_view kVocabularyFile = "vocab.txt";
inline constexpr std::string_view kTokenizerFile = "tokenizer.json";
inline constexpr std::string_view kHistoryFile = "history.json";

/// What a model folder says about its model, beside the numbers.
struct ModelInfo {
  space::ModelSpec spec;
  int64_t labels = 0;                    ///< outputs of the classifier; 0: no classifier
  std::vector<std::string> label_names;  ///< empty, or one name a label
  std::string tokenizer;  ///< file in the folder ("vocab.txt", "tokenizer.json"), or empty
  bool mlm = false;       ///< the weights hold the masked-language-model head
  base::Json history = base::Json::object();  ///< how it came to be: parents, data, seeds, steps
};

/// What a tokenizer's file is called in a model folder: kTokenizerFile for a .json, else
/// kVocabularyFile.
std::string_view tokenizer_file_name(const std::filesystem::path& file);

/// Which graph the folder's weights are of: the classifier, the masked-language-model head, or the
/// bare encoder with pooler. mask and hidden_states are the caller's choice.
encoder::BuildOptions build_options(const ModelInfo& info);

/// model.json of a folder, or a spec file alone (our JSON or the published dictionary: no labels,
/// no history). Errors: kNotFound; kUsage with file, line and column, also for a model written in a
/// newer format.
base::Result<ModelInfo> read_model_info(const std::filesystem::path& folder_or_spec);

/// The text of a model.json (or of a spec) as read_model_info reads it; `name` stands in messages.
base::Result<ModelInfo> parse_model_info(std::string_view text, std::string name);

/// model.json as it is written.
base::Json model_info_json(const ModelInfo& info);

/// Writes the folder's files (`vocabulary`: the text of vocab.txt; needed where info.tokenizer
/// names it and the folder does not hold it yet). Everything is on the disk before the first old
/// file is replaced, and model.json is replaced last: a failure leaves what was there before.
base::Status write_model_folder(const std::filesystem::path& folder, const ModelInfo& info,
                                const graph::Graph& graph, const Weights& weights,
                                std::string_view vocabulary = {});

}  // namespace edgetran::weights
