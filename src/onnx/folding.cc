#include "onnx/folding.h"

#include <optional>
#include <utility>

#include "graph/spectrum.h"

namespace edgetran::onnx {
namespace {

using graph::Graph;
using graph::Node;
using graph::Op;
using graph::ValueId;

/// Where the features of one group lie in a projection: `heads` blocks of `width` from `begin`.
struct Part {
  ValueId weight = graph::kNone, bias = graph::kNone;
  int64_t begin = 0, heads = 0, width = 0;
};

/// One matrix [width, width] a head, row-major.
using HeadMatrices = std::vector<std::vector<double>>;

class Folder {
 public:
  Folder(const Graph& graph, const weights::Weights& weights, const std::vector<bool>& needed,
         const std::vector<int>& reads)
      : graph_(graph), weights_(weights), reads_(reads), readers_(graph.values().size(), nullptr) {
    result_.folded.resize(graph.nodes().size(), false);
    for (size_t i = 0; i < needed.size(); ++i)
      if (needed[i])
        for (const ValueId input : graph.nodes()[i].inputs)
          readers_[static_cast<size_t>(input)] = &graph.nodes()[i];
  }

  void fold(const Node& node, size_t index) {
    if (node.op == Op::kHeadLinear) result_.folded[index] = fold_head_linear(node);
    if (node.op == Op::kSpectral) result_.folded[index] = fold_spectral(node);
  }

  Folding take() { return std::move(result_); }

 private:
  bool read_once(ValueId value) const { return reads_[static_cast<size_t>(value)] == 1; }
  bool is_parameter(ValueId value) const {
    return graph_.value(value).source == graph::Value::Source::kParameter;
  }
  const Node* maker(ValueId value) const {
    const graph::Value& known = graph_.value(value);
    if (known.source != graph::Value::Source::kNode) return nullptr;
    return &graph_.nodes()[static_cast<size_t>(known.index)];
  }
  bool foldable(const Node& linear) const {
    for (size_t i = 1; i < linear.inputs.size(); ++i)
      if (!is_parameter(linear.inputs[i]) || !read_once(linear.inputs[i])) return false;
    return linear.op == Op::kLinear;
  }

  /// The part of a composite axis as features of a linear map's output or input.
  Part part_of(const Node& linear, graph::AxisId axis, size_t place) const {
    Part part{.weight = linear.inputs[1]};
    if (linear.inputs.size() > 2) part.bias = linear.inputs[2];
    const auto& parts = graph_.axis(axis).parts;
    for (size_t i = 0; i <= place; ++i) {
      part.begin += part.heads * part.width;
      part.heads = graph_.axis(parts[i].blocks).size;
      part.width = graph_.axis(parts[i].width).size;
    }
    return part;
  }

  /// The projection that this value is a part of, where only one node reads it.
  std::optional<Part> projection_before(ValueId value) const {
    const Node* split = maker(value);
    if (split == nullptr || split->op != Op::kSplitHeads || !read_once(value)) return std::nullopt;
    const Node* linear = maker(split->inputs[0]);
    if (linear == nullptr || !foldable(*linear)) return std::nullopt;
    return part_of(*linear, graph_.value(linear->output).shape.back(),
                   static_cast<size_t>(split->attributes.part));
  }

  /// The projection whose input this value is a part of, where nothing else reads it.
  std::optional<Part> projection_after(ValueId value) const {
    const Node* merge = readers_[static_cast<size_t>(value)];
    if (!read_once(value) || merge == nullptr || merge->op != Op::kMergeHeads) return std::nullopt;
    const Node* linear = readers_[static_cast<size_t>(merge->output)];
    if (!read_once(merge->output) || linear == nullptr || !foldable(*linear)) return std::nullopt;
    for (size_t i = 0; i < merge->inputs.size(); ++i)
      if (merge->inputs[i] == value)
        return part_of(*linear, graph_.value(merge->output).shape.back(), i);
    return std::nullopt;
  }

  weights::Tensor& changed(ValueId parameter) {
    const graph::ParameterId id = graph_.value(parameter).index;
    return result_.parameters.try_emplace(id, weights_.at(id)).first->second;
  }

  /// Rows of the part: block of head k becomes maps[k] · block; so does the bias.
  void multiply_rows(const Part& part, const HeadMatrices& maps) {
    multiply_blocks(changed(part.weight), part, maps, /*along_rows=*/true);
    if (part.bias != graph::kNone) multiply_blocks(changed(part.bias), part, maps, true);
  }

  /// Columns of the part: block of head k becomes block · maps[k]ᵀ.
  void multiply_columns(const Part& part, const HeadMatrices& maps) {
    multiply_blocks(changed(part.weight), part, maps, /*along_rows=*/false);
  }

  static void multiply_blocks(weights::Tensor& tensor, const Part& part, const HeadMatrices& maps,
                              bool along_rows) {
    const int64_t columns = tensor.shape.size() == 2 ? tensor.shape[1] : 1;
    const int64_t others = along_rows ? columns : tensor.shape[0];
    std::vector<double> before(static_cast<size_t>(part.width));
    const auto element = [&](int64_t head, int64_t feature, int64_t other) -> float& {
      const int64_t place = part.begin + head * part.width + feature;
      return tensor.data[static_cast<size_t>(along_rows ? place * columns + other
                                                        : other * columns + place)];
    };
    for (int64_t head = 0; head < part.heads; ++head) {
      const std::vector<double>& map = maps[static_cast<size_t>(head)];
      for (int64_t other = 0; other < others; ++other) {
        for (int64_t i = 0; i < part.width; ++i)
          before[static_cast<size_t>(i)] = element(head, i, other);
        for (int64_t i = 0; i < part.width; ++i) {
          double sum = 0;
          for (int64_t j = 0; j < part.width; ++j)
            sum += map[static_cast<size_t>(i * part.width + j)] * before[static_cast<size_t>(j)];
          element(head, i, other) = static_cast<float>(sum);
        }
      }
    }
  }

  /// Features in the order [first `cosines` of every head | the rest of every head].
  static void group_waves(weights::Tensor& tensor, const Part& part, int64_t cosines,
                          bool along_rows) {
    const weights::Tensor before = tensor;
    const int64_t columns = tensor.shape.size() == 2 ? tensor.shape[1] : 1;
    const int64_t others = along_rows ? columns : tensor.shape[0];
    const auto index = [&](int64_t place, int64_t other) {
      return static_cast<size_t>(along_rows ? (part.begin + place) * columns + other
                                            : other * columns + part.begin + place);
    };
    for (int64_t head = 0; head < part.heads; ++head)
      for (int64_t i = 0; i < part.width; ++i) {
        const int64_t sines = part.width - cosines;
        const int64_t to =
            i < cosines ? head * cosines + i : part.heads * cosines + head * sines + i - cosines;
        for (int64_t other = 0; other < others; ++other)
          tensor.data[index(to, other)] = before.data[index(head * part.width + i, other)];
      }
  }

  bool fold_head_linear(const Node& node) {
    const auto part = projection_before(node.inputs[0]);
    const ValueId weight = node.inputs[1];
    const bool has_bias = node.inputs.size() > 2;
    if (!part || !is_parameter(weight) || (has_bias && part->bias == graph::kNone)) return false;
    const weights::Tensor& matrices = weights_.at(graph_.value(weight).index);
    if (matrices.shape[1] != matrices.shape[2]) return false;
    const auto block = static_cast<std::ptrdiff_t>(part->width * part->width);
    HeadMatrices maps;
    for (std::ptrdiff_t head = 0; head < part->heads; ++head)
      maps.emplace_back(matrices.data.begin() + head * block,
                        matrices.data.begin() + (head + 1) * block);
    multiply_rows(*part, maps);
    if (!has_bias) return true;
    const weights::Tensor& bias = weights_.at(graph_.value(node.inputs[2]).index);
    weights::Tensor& sum = changed(part->bias);
    for (size_t i = 0; i < bias.data.size(); ++i)
      sum.data[static_cast<size_t>(part->begin) + i] += bias.data[i];
    return true;
  }

  bool fold_spectral(const Node& node) {
    const auto before = projection_before(node.inputs[0]);
    const auto after = projection_after(node.output);
    if (!before || !after) return false;
    const auto heads = static_cast<size_t>(before->heads);
    const graph::Spectrum spectrum = node.attributes.spectrum;
    // Column vectors: F and E act on rows, their transposes on the features of a weight.
    multiply_rows(*before,
                  HeadMatrices(heads, transposed(graph::feature_map(spectrum, before->width),
                                                 before->width)));
    multiply_columns(*after, HeadMatrices(heads, graph::expansion_map(spectrum, after->width)));
    const int64_t cosines = graph::cosine_features(spectrum, before->width);
    group_waves(changed(before->weight), *before, cosines, true);
    if (before->bias != graph::kNone) group_waves(changed(before->bias), *before, cosines, true);
    group_waves(changed(after->weight), *after, cosines, false);
    return true;
  }

  static std::vector<double> transposed(const std::vector<double>& square, int64_t n) {
    std::vector<double> result(square.size());
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j)
        result[static_cast<size_t>(i * n + j)] = square[static_cast<size_t>(j * n + i)];
    return result;
  }

  const Graph& graph_;
  const weights::Weights& weights_;
  const std::vector<int>& reads_;
  std::vector<const Node*> readers_;  ///< a needed reader of each value
  Folding result_;
};

}  // namespace

Folding fold_heads(const Graph& graph, const weights::Weights& weights,
                   const std::vector<bool>& needed, const std::vector<int>& reads) {
  Folder folder(graph, weights, needed, reads);
  for (size_t i = 0; i < needed.size(); ++i)
    if (needed[i]) folder.fold(graph.nodes()[i], i);
  return folder.take();
}

}  // namespace edgetran::onnx
