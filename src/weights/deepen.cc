#include "weights/deepen.h"

#include <algorithm>
#include <vector>

#include "weights/graph_walk.h"

namespace edgetran::weights {
namespace {

using graph::Graph;
using graph::kNone;
using graph::Node;
using graph::Op;
using graph::ParameterId;

/// A linear map's weight [out, in] and bias [out].
struct Map {
  ParameterId weight = kNone, bias = kNone;
};

Map map_of(const Graph& graph, const Node& linear) {
  if (linear.inputs.size() < 3) return {};
  return {parameter_of(graph, linear.inputs[1]), parameter_of(graph, linear.inputs[2])};
}

/// The maps of a feed-forward stack, last first: linear(gelu(linear(... x))).
std::vector<Map> stack_before(const Graph& graph, const Node& norm) {
  std::vector<Map> maps;
  for (const Node* linear = linear_before_norm(graph, norm); linear != nullptr;) {
    maps.push_back(map_of(graph, *linear));
    const Node* gelu = node_of(graph, linear->inputs[0]);
    if (gelu == nullptr || gelu->op != Op::kGelu) break;
    linear = node_of(graph, gelu->inputs[0]);
    if (linear != nullptr && linear->op != Op::kLinear) break;
  }
  return maps;
}

const Node* norm_with(const Graph& graph, const std::string& weight) {
  const ParameterId id = graph.find_parameter(weight);
  if (id == kNone) return nullptr;
  for (const Node& node : graph.nodes())
    if (node.op == Op::kLayerNorm && parameter_of(graph, node.inputs[1]) == id) return &node;
  return nullptr;
}

/// Rows `row` and `row + width` of a map become these and their opposite.
void set_pair(Tensor& weight, Tensor& bias, int64_t row, int64_t width,
              const std::vector<float>& values, float shift) {
  const int64_t columns = weight.shape[1];
  for (const float sign : {1.0F, -1.0F}) {
    for (int64_t i = 0; i < columns; ++i)
      weight.data[static_cast<size_t>(row * columns + i)] = sign * values[static_cast<size_t>(i)];
    bias.data[static_cast<size_t>(row)] = sign * shift;
    row += width;
  }
}

class Deepener {
 public:
  Deepener(const Graph& source, const Weights& source_weights, const Graph& target,
           AxisMatch& match, Weights& weights)
      : source_(source),
        source_weights_(source_weights),
        target_(target),
        match_(match),
        weights_(weights) {}

  std::set<ParameterId> run() {
    for (const Node& norm : target_.nodes()) {
      if (norm.op != Op::kLayerNorm) continue;
      const ParameterId id = parameter_of(target_, norm.inputs[1]);
      const Node* old_norm = norm_with(source_, target_.parameters()[static_cast<size_t>(id)].name);
      if (old_norm == nullptr) continue;
      deepen(stack_before(source_, *old_norm), stack_before(target_, norm));
    }
    return std::move(set_);
  }

 private:
  // Both stacks last map first; `stack` has the source's maps before its own new ones.
  void deepen(const std::vector<Map>& old_stack, const std::vector<Map>& stack) {
    if (old_stack.size() < 2 || stack.size() <= old_stack.size()) return;
    const Map& last = old_stack[0];
    const size_t added = stack.size() - old_stack.size();
    const int64_t width = source_weights_.at(last.bias).shape[0];
    // The axis that the source's last map reads is the one that the first new map reads.
    const AxisMap* features =
        match_.find(axis(source_, last.weight, 1), axis(target_, stack[added].weight, 1));
    const AxisMap* residual =
        match_.find(axis(source_, last.weight, 0), axis(target_, stack[0].weight, 0));
    if (features == nullptr || residual == nullptr || !features->copies() ||
        features->shared() < features->source_size || residual->target_size != width ||
        residual->source_size != width)
      return;
    for (size_t i = 1; i <= added; ++i)
      if (weights_.at(stack[i].bias).shape[0] < 2 * width) return;
    start_pairs(last, *features, stack[added], width);
    for (size_t i = added - 1; i >= 1; --i) hand_on_pairs(stack[i], width);
    end_pairs(stack[0], width);
    for (size_t i = 0; i <= added; ++i) set_.insert({stack[i].weight, stack[i].bias});
  }

  static graph::AxisId axis(const Graph& graph, ParameterId id, size_t place) {
    return graph.parameters()[static_cast<size_t>(id)].shape[place];
  }

  // v and -v, with v what the source's last map gives.
  void start_pairs(const Map& last, const AxisMap& features, const Map& map, int64_t width) {
    const Tensor& old_weight = source_weights_.at(last.weight);
    const Tensor& old_bias = source_weights_.at(last.bias);
    std::vector<float> row(static_cast<size_t>(features.target_size));
    for (int64_t i = 0; i < width; ++i) {
      for (const AxisPiece& piece : features.pieces)
        std::copy_n(old_weight.data.begin() + i * features.source_size + piece.source_begin,
                    piece.source_count, row.begin() + piece.target_begin);
      set_pair(weights_.at(map.weight), weights_.at(map.bias), i, width, row,
               old_bias.data[static_cast<size_t>(i)]);
    }
  }

  // Again v and -v, of gelu(v) and gelu(-v).
  void hand_on_pairs(const Map& map, int64_t width) {
    Tensor& weight = weights_.at(map.weight);
    for (int64_t i = 0; i < width; ++i)
      set_pair(weight, weights_.at(map.bias), i, width, difference(weight.shape[1], i, width), 0);
  }

  // v itself, of gelu(v) and gelu(-v).
  void end_pairs(const Map& map, int64_t width) {
    Tensor& weight = weights_.at(map.weight);
    weight.data.clear();
    for (int64_t i = 0; i < width; ++i) {
      const std::vector<float> row = difference(weight.shape[1], i, width);
      weight.data.insert(weight.data.end(), row.begin(), row.end());
    }
    std::ranges::fill(weights_.at(map.bias).data, 0.0F);
  }

  static std::vector<float> difference(int64_t columns, int64_t index, int64_t width) {
    std::vector<float> row(static_cast<size_t>(columns));
    row[static_cast<size_t>(index)] = 1;
    row[static_cast<size_t>(index + width)] = -1;
    return row;
  }

  const Graph& source_;
  const Weights& source_weights_;
  const Graph& target_;
  AxisMatch& match_;
  Weights& weights_;
  std::set<ParameterId> set_;
};

}  // namespace

std::set<ParameterId> deepen_stacks(const Graph& source, const Weights& source_weights,
                                    const Graph& target, AxisMatch& match, Weights& weights) {
  return Deepener(source, source_weights, target, match, weights).run();
}

}  // namespace edgetran::weights
