#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace edgetran::graph {

/// Sizes that only a run fixes.
struct Sizes {
  int64_t batch = 1;
  int64_t length = 128;
  int64_t selected = 0;  ///< positions with logits (MLM)
};

using AxisId = int32_t;
using ValueId = int32_t;
using ParameterId = int32_t;
inline constexpr int32_t kNone = -1;

/// A contiguous part of a composite axis: `count` blocks of `width` features, the blocks being the
/// indices of axis `blocks` (heads of one group). Removing block b of that axis removes these
/// `width` features here, wherever the composite axis occurs.
struct AxisPart {
  AxisId blocks = kNone;
  AxisId width = kNone;
};

/// A named axis. Every dimension of every value and parameter is one; two dimensions that must
/// change together are the same axis (a residual stream keeps its width axis across layers until a
/// projection).
struct Axis {
  enum class Kind : uint8_t { kFixed, kBatch, kLength, kSelected };
  std::string name;  ///< "vocabulary", "layers.3.head_features", "batch", ...
  Kind kind = Kind::kFixed;
  int64_t size = 0;             ///< kFixed only
  std::vector<AxisPart> parts;  ///< composite axes only; sizes add up to `size`
};

using Shape = std::vector<AxisId>;

enum class ElementType : uint8_t { kFloat32, kInt64 };

/// The closed set of operators. Attention and layer norm are single nodes; a reader without a
/// fused kernel for them expands them. Shapes are in the builder's functions (builder.h).
enum class Op : uint8_t {
  kEmbedding,     ///< (table, ids)
  kPositionRows,  ///< (table), rows 0 .. length-1
  kLinear,        ///< (x, weight[, bias])
  kAdd,           ///< (a, b), b aligned to a's trailing axes
  kLayerNorm,     ///< (x, weight, bias), attribute epsilon
  kDropout,       ///< (x); identity outside training
  kGelu,          ///< erf form
  kTanh,
  kSplitHeads,            ///< (x), attribute part: [b, l, features] -> [b, heads, l, width]
  kMergeHeads,            ///< (group, ...): [b, heads, l, width] each -> [b, l, features]
  kAttention,             ///< (q, k, v[, relative][, mask]), see the flags in Attributes
  kHeadLinear,            ///< (x, weight[, bias]): a linear map of each head's own
  kMultiply,              ///< (a, b) of the same shape
  kSpectral,              ///< (x[, mask]): 2-D DFT or DCT over the valid positions and the features
  kDepthwiseConvolution,  ///< (x, weight[, mask]): over positions, taps of each feature's own
  kDynamicConvolution,    ///< (scores, x[, mask]): softmax over taps, taps of each position's own
  kFirstToken,            ///< (x): [b, l, w] -> [b, w]
  kSelectPositions,       ///< (x, positions): [b, l, w] -> [selected, w]
};

std::string_view op_name(Op op);

/// How a parameter starts (encoder.md, section 3).
enum class Initializer : uint8_t { kNormal, kZeros, kOnes, kIdentityPlusNormal };

/// What part of the model a parameter plays, for order-one test weights and for weight decay.
enum class ParameterRole : uint8_t { kEmbedding, kRelative, kWeight, kBias, kNormWeight, kMixing };

/// How one tensor of the model file maps onto a stored parameter. Parameters are stored stacked
/// and in execution order (heads grouped by type); files keep the listed order and per-head names.
/// Blocks of `count` indices along `axis` of the parameter come from the same axis of the file
/// tensor; with `drops_axis` the file tensor is one slice (count 1) and lacks that axis.
struct FileTensor {
  struct Block {
    int64_t file_begin = 0, parameter_begin = 0, count = 0;
  };
  std::string name;
  std::vector<int64_t> shape;
  int axis = 0;
  bool drops_axis = false;
  std::vector<Block> blocks;
};

struct Parameter {
  std::string name;  ///< "layers.3.query.weight"
  Shape shape;       ///< fixed axes only
  Initializer initializer = Initializer::kNormal;
  ParameterRole role = ParameterRole::kWeight;
  std::vector<FileTensor> file_tensors;  ///< together they cover the parameter exactly once
};

/// Which transform kSpectral is, both along positions and along features.
enum class Spectrum : uint8_t { kDft, kDct };

struct Attributes {
  double epsilon = 0;         ///< kLayerNorm
  int32_t part = 0;           ///< kSplitHeads: which part of the composite axis
  bool has_relative = false;  ///< kAttention: inputs[3] is the relative table [2p-1, width]
  /// The last input is attention_mask [b, l]: kAttention, kSpectral, both convolutions.
  bool has_mask = false;
  bool dropout = false;                ///< kAttention: dropout on the probabilities in training
  Spectrum spectrum = Spectrum::kDft;  ///< kSpectral
};

/// Where a value comes from.
struct Value {
  enum class Source : uint8_t { kInput, kParameter, kNode };
  Source source = Source::kNode;
  int32_t index = 0;  ///< into inputs, parameters or nodes
  ElementType type = ElementType::kFloat32;
  Shape shape;
};

struct Node {
  Op op = Op::kAdd;
  Attributes attributes;
  std::vector<ValueId> inputs;
  ValueId output = kNone;
  std::string scope;  ///< "embeddings", "layers.3.attention", "pooler", ...
  int32_t layer = kNone;
};

struct NamedValue {
  std::string name;
  ValueId value = kNone;
};

/// A computation in topological order with named axes; immutable once built (builder.h). The one
/// description that training, ONNX, cost and surgery read.
class Graph {
 public:
  std::span<const Axis> axes() const { return axes_; }
  std::span<const Value> values() const { return values_; }
  std::span<const Parameter> parameters() const { return parameters_; }
  std::span<const Node> nodes() const { return nodes_; }
  std::span<const NamedValue> inputs() const { return inputs_; }
  std::span<const NamedValue> outputs() const { return outputs_; }

  const Axis& axis(AxisId id) const { return axes_[static_cast<size_t>(id)]; }
  const Value& value(ValueId id) const { return values_[static_cast<size_t>(id)]; }
  /// Index of the parameter with this name, or kNone.
  ParameterId find_parameter(std::string_view name) const;
  /// Value of the output with this name, or kNone.
  ValueId find_output(std::string_view name) const;
  ValueId find_input(std::string_view name) const;

  int64_t axis_size(AxisId id, const Sizes& sizes) const;
  std::vector<int64_t> dimensions(const Shape& shape, const Sizes& sizes) const;
  /// Dimensions of a parameter (fixed axes).
  std::vector<int64_t> dimensions(const Parameter& parameter) const;
  int64_t element_count(const Parameter& parameter) const;

 private:
  friend class Builder;
  std::vector<Axis> axes_;
  std::vector<Value> values_;
  std::vector<Parameter> parameters_;
  std::vector<Node> nodes_;
  std::vector<NamedValue> inputs_;
  std::vector<NamedValue> outputs_;
};

}  // namespace edgetran::graph
