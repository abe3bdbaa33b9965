#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "graph/graph.h"
#include "weights/model_folder.h"
#include "weights/weights.h"

namespace edgetran::weights {

/// Which head of a Hugging Face model to take.
enum class HuggingFaceHead : uint8_t {
  kAuto,  ///< the classifier if there is one, else the masked-language-model head, else none
  kNone,
  kClassifier,
  kMaskedLanguageModel,
};

struct HuggingFaceImportOptions {
  HuggingFaceHead head = HuggingFaceHead::kAuto;
  uint64_t seed = 1;  ///< of a pooler that the folder lacks
};

/// A Hugging Face model as one of ours.
struct ImportedModel {
  ModelInfo info;
  graph::Graph graph;  ///< build_options(info)
  Weights weights;
  std::string vocabulary;            ///< text of the file info.tokenizer, not looked into
  std::vector<std::string> fresh;    ///< tensors that the folder lacks, drawn from the seed
  std::vector<std::string> unused;   ///< tensors of the folder that this model does not use
  std::vector<std::string> remarks;  ///< what a user should know, a sentence each
};

/// Reads a BERT-shaped folder of Hugging Face: config.json, model.safetensors (or shards),
/// and of its tokenizer vocab.txt where it is uncased, else tokenizer.json, where present. Names
/// with or without the prefix "bert.", "gamma" and "beta" for norms, float16 and bfloat16 tensors,
/// a tied decoder stored or not, and buffers of position ids are all read; a folder without pooler
/// gets a fresh one, as transformers gives it. Errors: read_huggingface_config's and
/// HuggingFaceTensors'; kUsage with every missing, wrongly shaped (both shapes) and unknown tensor,
/// and for a decoder that is not tied; kCorrupt for values that are not finite.
base::Result<ImportedModel> import_huggingface(const std::filesystem::path& folder,
                                               const HuggingFaceImportOptions& options = {});

}  // namespace edgetran::weights
