#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "graph/graph.h"
#include "weights/model_folder.h"
#include "weights/weights.h"

namespace edgetran::weights {

/// The name of the format among a runtime's `formats` (docs/protocol.md).
inline constexpr std::string_view kPackedFormatName = "edgetran";
inline constexpr std::string_view kPackedFormat = "edgetran.packed-model/1";

/// A model in one file, for runtimes that build the graph themselves.
struct PackedModel {
  ModelInfo info;  ///< without tokenizer and history
  graph::Graph graph;
  Weights weights;
};

/// The bytes of model.safetensors with what the graph is in the header's "__metadata__":
/// `format` (kPackedFormat), `model` (the text of model.json) and `mask` ("true" where the graph
/// reads an attention_mask). `graph` is the one of build_options(info) with that mask. Equal input
/// gives equal bytes.
std::string pack_model(const ModelInfo& info, const graph::Graph& graph, const Weights& weights);

/// Reads it and builds the graph. The bytes are untrusted; memory follows from their number.
/// Errors: kCorrupt: no such file; kUsage: a newer format, or tensors that are not the model's.
base::Result<PackedModel> unpack_model(std::string bytes);

}  // namespace edgetran::weights
