#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "graph/graph.h"
#include "weights/model_folder.h"
#include "weights/weights.h"

namespace edgetran::weights {

/// Writes a folder that Hugging Face's transformers loads: config.json, model.safetensors, and with
/// a `vocabulary` (the text of info.tokenizer) that file and tokenizer_config.json. Weights keep
/// their bits. Everything is on the disk before the first old file is replaced, and config.json is
/// replaced last.
/// Errors: kUsage with the reason for a spec that is not a plain BERT (why_no_bert).
base::Status export_huggingface(const std::filesystem::path& folder, const ModelInfo& info,
                                const graph::Graph& graph, const Weights& weights,
                                std::string_view vocabulary);

}  // namespace edgetran::weights
