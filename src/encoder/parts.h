#pragma once

#include <string>
#include <vector>

#include "graph/builder.h"
#include "graph/graph.h"

namespace edgetran::encoder {

using Blocks = std::vector<graph::FileTensor::Block>;

/// Where the file keeps a weight's rows (with the bias) or columns in another order; empty: as
/// stored. At most one of the two.
struct FiledOrder {
  Blocks rows = {};
  Blocks columns = {};
};

/// x [..., in] -> [..., out] with parameters name.weight [out, in] and name.bias [out].
graph::ValueId linear(graph::Builder& builder, const std::string& name, graph::ValueId x,
                      graph::AxisId out, const FiledOrder& order = {});

/// Layer norm over the last axis with parameters name.weight and name.bias (eps 1e-12, as BERT).
graph::ValueId layer_norm(graph::Builder& builder, const std::string& name, graph::ValueId x);

/// The residual step of encoder.md, section 2: LayerNorm(x + dropout(change)).
graph::ValueId add_and_norm(graph::Builder& builder, const std::string& name, graph::ValueId x,
                            graph::ValueId change);

}  // namespace edgetran::encoder
