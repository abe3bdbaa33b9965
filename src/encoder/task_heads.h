#pragma once

#include <cstdint>

#include "graph/builder.h"
#include "graph/graph.h"

namespace edgetran::encoder {

/// tanh(Linear(first token)): x [batch, length, width] -> [batch, width].
graph::ValueId build_pooler(graph::Builder& builder, graph::ValueId x);

/// Dropout and Linear: pooled [batch, width] -> logits [batch, labels].
graph::ValueId build_classifier(graph::Builder& builder, graph::ValueId pooled, int64_t labels);

/// The masked language model's head at the rows named by input selected_positions; `words` is the
/// word embedding, whose transpose gives the logits: x [batch, length, width] ->
/// [selected, vocabulary].
graph::ValueId build_masked_language_model(graph::Builder& builder, graph::ValueId x,
                                           graph::ValueId words);

}  // namespace edgetran::encoder
