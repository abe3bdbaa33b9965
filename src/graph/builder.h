#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "graph/graph.h"

namespace edgetran::graph {

/// Builds a Graph operator by operator, inferring shapes and propagating axes. Shapes that do not
/// fit are programmer errors (EDGETRAN_CHECK): callers validate sizes first.
class Builder {
 public:
  Builder();

  // -- axes -------------------------------------------------------------------------------------
  AxisId batch() const;
  AxisId length() const;
  AxisId selected() const;
  /// The fixed axis of this name; made on first use, the size must agree afterwards.
  AxisId axis(const std::string& name, int64_t size);
  /// A composite axis of the parts in order.
  AxisId composite_axis(const std::string& name, const std::vector<AxisPart>& parts);

  // -- scope of the nodes made next ---------------------------------------------------------------
  void set_scope(std::string scope, int32_t layer = kNone);

  // -- leaves -------------------------------------------------------------------------------------
  ValueId input(const std::string& name, ElementType type, const Shape& shape);
  /// A parameter stored as it is filed, under its own name.
  ValueId parameter(const std::string& name, const Shape& shape, Initializer initializer,
                    ParameterRole role);
  /// A parameter whose file tensors differ from its storage (permuted or stacked heads).
  ValueId parameter(const std::string& name, const Shape& shape, Initializer initializer,
                    ParameterRole role, std::vector<FileTensor> file_tensors);

  // -- operators (shapes in brackets; any leading axes as ...)
  // --------------------------------------
  /// table [rows, width], ids [...] int64 -> [..., width]
  ValueId embedding(ValueId table, ValueId ids);
  /// table [positions, width] -> [length, width]
  ValueId position_rows(ValueId table);
  /// x [..., in], weight [out, in], bias [out] or kNone -> [..., out]
  ValueId linear(ValueId x, ValueId weight, ValueId bias);
  /// a [..., s], b [s] (trailing axes of a) -> a's shape
  ValueId add(ValueId a, ValueId b);
  /// x [..., width], weight [width], bias [width] -> x's shape
  ValueId layer_norm(ValueId x, ValueId weight, ValueId bias, double epsilon);
  ValueId dropout(ValueId x);
  ValueId gelu(ValueId x);
  ValueId tanh(ValueId x);
  /// x [batch, length, features] with composite features -> [batch, blocks, length, width]
  ValueId split_heads(ValueId x, int32_t part);
  /// groups [batch, blocks_g, length, width] in the order of the parts of `features`
  /// -> [batch, length, features]
  ValueId merge_heads(const std::vector<ValueId>& groups, AxisId features);
  /// q, k, v [batch, heads, length, width]; relative [2 positions - 1, width] or kNone;
  /// mask [batch, length] int64 (1 valid, 0 padding) or kNone
  /// -> softmax((q kT + P) / sqrt(width) + mask) v, P[t,r] = q[t] . relative[t - r + positions -
  /// 1]; in training with dropout on the probabilities
  ValueId attention(ValueId q, ValueId k, ValueId v, ValueId relative, ValueId mask);
  /// x [batch, heads, length, in], weight [heads, out, in], bias [heads, out] or kNone
  /// -> [batch, heads, length, out]: y = x Wᵀ + b with the matrices of each head
  ValueId head_linear(ValueId x, ValueId weight, ValueId bias);
  /// a and b of the same shape -> their product, element by element
  ValueId multiply(ValueId a, ValueId b);
  /// x [batch, heads, length, width], mask [batch, length] int64 or kNone -> x's shape.
  /// With n valid positions, N = n or width, C[j,k] = cos(2πjk/N), S[j,k] = sin(2πjk/N), D the
  /// orthonormal DCT-II: (C_n x C_width − S_n x S_width) / sqrt(n width), or D_n x D_widthᵀ. Rows
  /// of x beyond n count as zero, those of the result are zero.
  ValueId spectral(Spectrum spectrum, ValueId x, ValueId mask);
  /// x [batch, heads, length, width], weight [heads, width, taps] with an odd number of taps, mask
  /// [batch, length] int64 or kNone -> x's shape: the cross-correlation y[t] = Σ_j weight[j] ·
  /// x[t + j − (taps−1)/2] of each feature; positions outside, and padded ones, count as zero
  ValueId depthwise_convolution(ValueId x, ValueId weight, ValueId mask);
  /// scores [batch, heads, length, taps] with an odd number of taps, x [batch, heads, length,
  /// width], mask [batch, length] int64 or kNone -> x's shape: y[t] = Σ_j softmax(scores[t])[j] ·
  /// x[t + j − (taps−1)/2]; positions outside, and padded ones, count as zero
  ValueId dynamic_convolution(ValueId scores, ValueId x, ValueId mask);
  /// x [batch, length, width] -> [batch, width]
  ValueId first_token(ValueId x);
  /// x [batch, length, width], positions [selected] int64 (row index into batch * length)
  /// -> [selected, width]
  ValueId select_positions(ValueId x, ValueId positions);

  void output(const std::string& name, ValueId value);

  /// A copy: the builder may grow while the caller still looks at it.
  Shape shape(ValueId value) const;
  AxisId last_axis(ValueId value) const;
  /// Size of a fixed axis.
  int64_t axis_size(AxisId axis) const;

  /// The finished graph; the builder is empty afterwards.
  Graph build();

 private:
  ValueId add_value(Value value);
  ValueId add_node(Op op, Attributes attributes, std::vector<ValueId> inputs, Shape shape);
  AxisId add_axis(Axis axis);
  /// Refuses a name that the graph already has for an input, parameter or file tensor.
  void claim_name(const std::string& name);
  /// The value, checked to be a float32 tensor of this rank (kNone: any).
  Shape tensor(ValueId value, int rank) const;
  void check_integers(ValueId value) const;
  /// Checked to be [batch, length, features].
  Shape sequence(ValueId value) const;
  /// Checked to be [batch, heads, length, features].
  Shape heads(ValueId value) const;
  /// `inputs` with the mask, checked to be [batch, length] int64, where there is one.
  std::vector<ValueId> with_mask(std::vector<ValueId> inputs, ValueId mask) const;
  void check_taps(AxisId taps) const;
  const AxisPart& part_of(AxisId composite, int32_t part) const;

  Graph graph_;
  std::unordered_map<std::string, AxisId> axis_ids_;
  std::unordered_set<std::string> names_;
  std::string scope_;
  int32_t layer_ = kNone;
};

}  // namespace edgetran::graph
