#include "graph/graph.h"

#include <algorithm>

#include "base/result.h"

namespace edgetran::graph {
namespace {

template <class Items>
int32_t index_of(const Items& items, std::string_view name) {
  const auto found = std::find_if(items.begin(), items.end(),
                                  [name](const auto& item) { return item.name == name; });
  return found == items.end() ? kNone : static_cast<int32_t>(found - items.begin());
}

ValueId value_of(std::span<const NamedValue> items, std::string_view name) {
  const int32_t index = index_of(items, name);
  return index == kNone ? kNone : items[static_cast<size_t>(index)].value;
}

}  // namespace

std::string_view op_name(Op op) {
  switch (op) {
    case Op::kEmbedding:
      return "embedding";
    case Op::kPositionRows:
      return "position_rows";
    case Op::kLinear:
      return "linear";
    case Op::kAdd:
      return "add";
    case Op::kLayerNorm:
      return "layer_norm";
    case Op::kDropout:
      return "dropout";
    case Op::kGelu:
      return "gelu";
    case Op::kTanh:
      return "tanh";
    case Op::kSplitHeads:
      return "split_heads";
    case Op::kMergeHeads:
      return "merge_heads";
    case Op::kAttention:
      return "attention";
    case Op::kHeadLinear:
      return "head_linear";
    case Op::kMultiply:
      return "multiply";
    case Op::kSpectral:
      return "spectral";
    case Op::kDepthwiseConvolution:
      return "depthwise_convolution";
    case Op::kDynamicConvolution:
      return "dynamic_convolution";
    case Op::kFirstToken:
      return "first_token";
    case Op::kSelectPositions:
      return "select_positions";
  }
  EDGETRAN_CHECK(false, "an operator without a name");
  return {};
}

ParameterId Graph::find_parameter(std::string_view name) const {
  return index_of(parameters_, name);
}

ValueId Graph::find_output(std::string_view name) const { return value_of(outputs_, name); }

ValueId Graph::find_input(std::string_view name) const { return value_of(inputs_, name); }

int64_t Graph::axis_size(AxisId id, const Sizes& sizes) const {
  const Axis& known = axis(id);
  switch (known.kind) {
    case Axis::Kind::kFixed:
      return known.size;
    case Axis::Kind::kBatch:
      return sizes.batch;
    case Axis::Kind::kLength:
      return sizes.length;
    case Axis::Kind::kSelected:
      return sizes.selected;
  }
  EDGETRAN_CHECK(false, "an axis of no kind");
  return 0;
}

std::vector<int64_t> Graph::dimensions(const Shape& shape, const Sizes& sizes) const {
  std::vector<int64_t> result;
  result.reserve(shape.size());
  for (const AxisId id : shape) result.push_back(axis_size(id, sizes));
  return result;
}

std::vector<int64_t> Graph::dimensions(const Parameter& parameter) const {
  return dimensions(parameter.shape, Sizes{});
}

int64_t Graph::element_count(const Parameter& parameter) const {
  int64_t count = 1;
  for (const AxisId id : parameter.shape) count *= axis(id).size;
  return count;
}

}  // namespace edgetran::graph
