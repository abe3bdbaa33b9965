#pragma once

#include <vector>

#include "base/result.h"
#include "graph/graph.h"
#include "space/model_spec.h"
#include "train/torch/engine.h"
#include "weights/safetensors.h"

namespace edgetran::train::torch_engine {

/// The inputs of a model's graph, in its order, from the int64 tensors of a file: input_ids
/// [batch, length], and token_type_ids and attention_mask in the same shape, 0 and 1 where the file
/// lacks them; selected_positions is every position. All values are checked against the spec, and
/// padding comes last in a row. kUsage names the tensor, row and value that do not fit.
base::Result<std::vector<at::Tensor>> read_model_inputs(const weights::SafetensorsFile& file,
                                                        const space::ModelSpec& spec,
                                                        const graph::Graph& graph);

}  // namespace edgetran::train::torch_engine
