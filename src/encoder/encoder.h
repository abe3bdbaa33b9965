#pragma once

#include <cstdint>

#include "base/result.h"
#include "graph/graph.h"
#include "space/model_spec.h"

namespace edgetran::encoder {

/// The largest model that is built; beyond it a spec is a usage error.
inline constexpr int64_t kMaxParameters = int64_t{1} << 40;

enum class TaskHead { kNone, kClassifier, kMaskedLanguageModel };

/// Which graph to build of a spec.
struct BuildOptions {
  TaskHead head = TaskHead::kNone;
  int64_t labels = 2;  ///< kClassifier: outputs of the classifier (1 for regression)
  /// kNone: with pooler. A classifier always has one, a masked language model never.
  bool pooler = true;
  bool mask = false;           ///< with input attention_mask; without, every position is valid
  bool hidden_states = false;  ///< outputs hidden_states.0 (embeddings) ... hidden_states.l
};

/// Turns a spec into its computation graph (encoder.md, section 2). Inputs: input_ids,
/// token_type_ids [batch, length] int64, attention_mask with `mask`, selected_positions [selected]
/// for the masked language model. Outputs: last_hidden_state [batch, length, width]; pooled
/// [batch, width] with a pooler; logits [batch, labels] (classifier) or mlm_logits
/// [selected, vocabulary]. hidden_states.i is what layer i reads (after a width projection before
/// it), the last one is last_hidden_state.
///
/// Usage errors: a size that is not positive or beyond the bounds of space/model_spec.h, more than
/// kMaxParameters parameters, a head type that is not known (the nearest one is named).
base::Result<graph::Graph> build_encoder(const space::ModelSpec& spec, const BuildOptions& options);

}  // namespace edgetran::encoder
