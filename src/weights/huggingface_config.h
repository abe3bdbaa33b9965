#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "base/result.h"
#include "weights/model_folder.h"

namespace edgetran::weights {

/// What a BERT's config.json says of the model.
struct HuggingFaceConfig {
  space::ModelSpec spec;
  int64_t labels = 0;                    ///< of a classifier, should the weights hold one
  std::vector<std::string> label_names;  ///< empty where they are only LABEL_0, LABEL_1, ...
};

/// Reads a config.json; keys that do not change what a BERT computes are let through, absent ones
/// have Hugging Face's defaults. Usage errors, with their place: another model_type, an activation
/// other than exact GELU, positions other than absolute and relative_key, a norm epsilon other than
/// 1e-12, a decoder, pruned heads, a hidden size that the heads do not divide, sizes out of bounds,
/// id2label with gaps.
base::Result<HuggingFaceConfig> read_huggingface_config(const base::ConfigValue& value);

/// Why a spec is not a plain BERT, a sentence; empty where it is one: absolute
/// positions, every head sa_sdp, one width throughout that is heads times head width, the same
/// heads and one feed-forward size in every layer.
std::string why_no_bert(const space::ModelSpec& spec);

/// The config.json of a plain BERT. `padding`: id of [PAD].
base::Json huggingface_config_json(const ModelInfo& info, int64_t padding);

}  // namespace edgetran::weights
