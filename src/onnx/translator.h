#pragma once

#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "onnx/export.h"
#include "onnx/folding.h"
#include "onnx/model_writer.h"
#include "weights/weights.h"

namespace edgetran::onnx {

/// How the tensor of a value [batch, heads, length, width] may lie. Each neighbour is one reshape
/// or transpose away; an operator asks for the one that suits it.
enum class Layout : uint8_t {
  kHeads,     ///< [batch, heads, length, width]
  kHeadRows,  ///< [batch, length, heads, width]
  kRows,      ///< [batch, length, heads * width]
  kChannels,  ///< [batch, heads * width, length]
};
inline constexpr size_t kLayouts = 4;

/// From this length on, products over positions use the symmetries of their matrices (halves.cc):
/// the passes over the rows cost what the smaller products save at about this length.
inline constexpr int64_t kHalvedLength = 256;

/// Turns the nodes of a graph into ONNX nodes, one operator at a time. Single use.
class Translator {
 public:
  Translator(const graph::Graph& graph, const weights::Weights& weights,
             const ExportOptions& options);

  /// Writes inputs, all nodes that `outputs` need, and the outputs.
  void run(const std::vector<graph::NamedValue>& outputs);

  const ::onnx::ModelProto& model() const { return writer_.model(); }

 private:
  // Which nodes the outputs need, and how often each value is read by them.
  void mark_needed(const std::vector<graph::NamedValue>& outputs);
  void translate(const graph::Node& node);
  std::vector<Dimension> dimensions(const graph::Shape& shape) const;

  // operators.cc: each returns the name of the tensor that it makes.
  std::string tensor(const graph::Node& node);
  std::string embedding(const graph::Node& node);
  std::string position_rows(const graph::Node& node);
  std::string linear(const graph::Node& node);
  std::string layer_norm(const graph::Node& node);
  std::string gelu(const graph::Node& node);
  std::string select_positions(const graph::Node& node);

  // layouts.cc: the tensor of a value in a layout, made on first use from the nearest that is
  // there.
  void split_heads(const graph::Node& node);
  std::string merge_heads(const graph::Node& node);
  const std::string& in_layout(graph::ValueId value, Layout layout);
  std::string converted(graph::ValueId value, Layout from, Layout to);
  bool has_layout(graph::ValueId value, Layout layout) const;
  void set_layout(graph::ValueId value, Layout layout, std::string tensor);
  /// Heads and width of a value [batch, heads, length, width].
  int64_t heads_of(graph::ValueId value) const;
  int64_t width_of(graph::ValueId value) const;

  // heads.cc, spectral.cc: operators of heads; they set the layouts of their output.
  void head_linear(const graph::Node& node);
  void multiply(const graph::Node& node);
  void depthwise_convolution(const graph::Node& node);
  void dynamic_convolution(const graph::Node& node);
  std::string grouped_convolution(const graph::Node& node);
  std::string valid_channels(const std::string& tensor, const graph::Node& node);
  void spectral(const graph::Node& node);
  /// C_n, S_n or D_n: [length, length], or with a mask [batch, length, length].
  enum class Wave : uint8_t { kCosine, kSine, kDct };
  const std::string& position_matrix(Wave wave, graph::ValueId mask);
  std::string folded_matrix(Wave wave);
  /// halves.cc: the product of a position matrix with z, whose positions are along `axis`, by its
  /// symmetries, where halves_positions().
  bool halves_positions(Wave wave) const;
  std::string halved_dft(Wave wave, const std::string& z, int64_t axis);
  std::string halved_dct(const std::string& z, int64_t axis);
  std::string rows_of(const std::string& z, int64_t begin, int64_t end, int64_t axis);
  std::string reversed_rows(const std::string& z, int64_t first, int64_t count, int64_t axis);
  std::string computed_matrix(Wave wave, graph::ValueId mask);
  const std::string& valid_length(graph::ValueId mask);
  const std::string& position_numbers();
  const std::string& valid_square(graph::ValueId mask);

  // attention.cc
  std::string attention(const graph::Node& node);
  std::string relative_scores(graph::ValueId queries, graph::ValueId table);
  std::string relative_columns(graph::ValueId table);
  std::string skew(const std::string& products);
  std::string transposed_keys(graph::ValueId keys);
  std::string mask_bias(graph::ValueId mask);

  // operands.cc: names of values; what is not a node's is made on first use.
  const std::string& name_of(graph::ValueId value);
  std::string transposed(graph::ValueId weight);
  /// The parameter's values, as folding left them.
  const weights::Tensor& tensor_of(graph::ValueId parameter) const;
  const std::string& parameter_name(graph::ValueId parameter) const;
  bool is_parameter(graph::ValueId value) const;
  /// square * length^2 + linear * length + constant as int64 [1]; a constant in a static model.
  std::string length_value(int64_t square, int64_t linear, int64_t constant);
  /// The tensor that `make` returned for this key the first time; made under the key as its scope.
  template <class Make>
  const std::string& once(const std::string& key, Make make);

  const graph::Graph& graph_;
  const weights::Weights& weights_;
  const ExportOptions& options_;
  ModelWriter writer_;
  std::vector<std::string> names_;  ///< tensor of each graph value, empty where not made yet
  /// Tensors of head values by layout, empty where not made yet.
  std::vector<std::array<std::string, kLayouts>> layouts_;
  Folding folding_;
  std::vector<bool> needed_;                   ///< by node
  std::vector<int> reads_;                     ///< by value
  std::map<std::string, std::string> shared_;  ///< tensors made once, by key
};

template <class Make>
const std::string& Translator::once(const std::string& key, Make make) {
  if (const auto found = shared_.find(key); found != shared_.end()) return found->second;
  const std::string outer = writer_.scope();
  writer_.set_scope(key);
  std::string name = make();
  writer_.set_scope(outer);
  return shared_.emplace(key, std::move(name)).first->second;
}

}  // namespace edgetran::onnx
