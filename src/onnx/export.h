#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "graph/graph.h"
#include "weights/weights.h"

namespace edgetran::onnx {

/// What kind of ONNX file to write.
struct ExportOptions {
  bool dynamic = false;  ///< symbolic batch and length; otherwise the two below are fixed
  int64_t batch = 1;
  int64_t length = 128;
  bool hidden = false;  ///< adds output last_hidden_state [batch, length, width]
};

/// The graph and its weights as the bytes of an ONNX model (opset 17, float32), checked with ONNX's
/// own checker. Inputs are the graph's (input_ids, token_type_ids, attention_mask where the graph
/// was built with a mask, selected_positions for the masked language model), all int64; outputs
/// are logits [batch, labels] or mlm_logits [selected, vocabulary], or last_hidden_state and pooled
/// where the graph has no task head. What depends on the length only is folded to constants in a
/// static model. Equal input gives equal bytes.
/// Errors: kUsage for sizes out of range (a length above the model's positions), kResource for a
/// model above the 2 GiB that one protobuf file can hold.
base::Result<std::string> export_onnx(const graph::Graph& graph, const weights::Weights& weights,
                                      const ExportOptions& options);

}  // namespace edgetran::onnx
