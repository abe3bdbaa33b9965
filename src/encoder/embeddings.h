#pragma once

#include "graph/builder.h"
#include "graph/graph.h"
#include "space/model_spec.h"

namespace edgetran::encoder {

struct Embeddings {
  graph::ValueId words = graph::kNone;  ///< the table [vocabulary, embedding], tied to the MLM head
  graph::ValueId output = graph::kNone;  ///< what layer 0 reads, [batch, length, width]
};

/// Inputs input_ids and token_type_ids, their embeddings and, where the embedding's width is not
/// layer 0's, the projection (encoder.md, section 2.1).
Embeddings build_embeddings(graph::Builder& builder, const space::ModelSpec& spec);

}  // namespace edgetran::encoder
