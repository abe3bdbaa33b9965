// The operators of Builder: what each accepts and the shape it gives.
#include <algorithm>

#include "base/result.h"
#include "graph/builder.h"

namespace edgetran::graph {

Shape Builder::tensor(ValueId value, int rank) const {
  Shape known = shape(value);
  EDGETRAN_CHECK(graph_.value(value).type == ElementType::kFloat32, "a float32 tensor is wanted");
  EDGETRAN_CHECK(rank == kNone || known.size() == static_cast<size_t>(rank),
                 "the tensor has another rank");
  return known;
}

void Builder::check_integers(ValueId value) const {
  shape(value);
  EDGETRAN_CHECK(graph_.value(value).type == ElementType::kInt64, "int64 values are wanted");
}

Shape Builder::sequence(ValueId value) const {
  Shape known = tensor(value, 3);
  EDGETRAN_CHECK(known[0] == batch() && known[1] == length(),
                 "a tensor [batch, length, features] is wanted");
  return known;
}

Shape Builder::heads(ValueId value) const {
  Shape known = tensor(value, 4);
  EDGETRAN_CHECK(known[0] == batch() && known[2] == length(),
                 "a tensor [batch, heads, length, features] is wanted");
  return known;
}

std::vector<ValueId> Builder::with_mask(std::vector<ValueId> inputs, ValueId mask) const {
  if (mask == kNone) return inputs;
  check_integers(mask);
  EDGETRAN_CHECK(shape(mask) == (Shape{batch(), length()}), "a mask is [batch, length]");
  inputs.push_back(mask);
  return inputs;
}

void Builder::check_taps(AxisId taps) const {
  EDGETRAN_CHECK(axis_size(taps) % 2 == 1, "a centred convolution has an odd number of taps");
}

const AxisPart& Builder::part_of(AxisId composite, int32_t part) const {
  const Axis& known = graph_.axis(composite);
  EDGETRAN_CHECK(part >= 0 && static_cast<size_t>(part) < known.parts.size(),
                 known.name + ": no such part");
  return known.parts[static_cast<size_t>(part)];
}

ValueId Builder::embedding(ValueId table, ValueId ids) {
  check_integers(ids);
  Shape result = shape(ids);
  result.push_back(tensor(table, 2)[1]);
  return add_node(Op::kEmbedding, {}, {table, ids}, std::move(result));
}

ValueId Builder::position_rows(ValueId table) {
  return add_node(Op::kPositionRows, {}, {table}, {length(), tensor(table, 2)[1]});
}

ValueId Builder::linear(ValueId x, ValueId weight, ValueId bias) {
  const Shape& matrix = tensor(weight, 2);
  Shape result = tensor(x, kNone);
  EDGETRAN_CHECK(last_axis(x) == matrix[1], "linear: the last axis of x is not the weight's input");
  result.back() = matrix[0];
  if (bias == kNone) return add_node(Op::kLinear, {}, {x, weight}, std::move(result));
  EDGETRAN_CHECK(tensor(bias, 1)[0] == matrix[0], "linear: the bias is not along the output");
  return add_node(Op::kLinear, {}, {x, weight, bias}, std::move(result));
}

ValueId Builder::add(ValueId a, ValueId b) {
  const Shape& whole = tensor(a, kNone);
  const Shape& part = tensor(b, kNone);
  EDGETRAN_CHECK(
      part.size() <= whole.size() && std::equal(part.rbegin(), part.rend(), whole.rbegin()),
      "add: the axes of b are not the trailing axes of a");
  return add_node(Op::kAdd, {}, {a, b}, Shape(whole));
}

ValueId Builder::layer_norm(ValueId x, ValueId weight, ValueId bias, double epsilon) {
  Shape result = tensor(x, kNone);
  const AxisId width = last_axis(x);
  EDGETRAN_CHECK(tensor(weight, 1)[0] == width && tensor(bias, 1)[0] == width,
                 "layer_norm: weight and bias are not along the last axis of x");
  EDGETRAN_CHECK(epsilon > 0, "layer_norm: epsilon is positive");
  return add_node(Op::kLayerNorm, {.epsilon = epsilon}, {x, weight, bias}, std::move(result));
}

ValueId Builder::dropout(ValueId x) {
  return add_node(Op::kDropout, {}, {x}, Shape(tensor(x, kNone)));
}

ValueId Builder::gelu(ValueId x) { return add_node(Op::kGelu, {}, {x}, Shape(tensor(x, kNone))); }

ValueId Builder::tanh(ValueId x) { return add_node(Op::kTanh, {}, {x}, Shape(tensor(x, kNone))); }

ValueId Builder::split_heads(ValueId x, int32_t part) {
  const AxisPart heads = part_of(sequence(x)[2], part);
  return add_node(Op::kSplitHeads, {.part = part}, {x},
                  {batch(), heads.blocks, length(), heads.width});
}

ValueId Builder::merge_heads(const std::vector<ValueId>& groups, AxisId features) {
  EDGETRAN_CHECK(groups.size() == graph_.axis(features).parts.size(),
                 "merge_heads: a group for each part of the composite axis is wanted");
  for (size_t i = 0; i < groups.size(); ++i) {
    const AxisPart& part = part_of(features, static_cast<int32_t>(i));
    EDGETRAN_CHECK(tensor(groups[i], 4) == (Shape{batch(), part.blocks, length(), part.width}),
                   "merge_heads: the group is not its part of the composite axis");
  }
  return add_node(Op::kMergeHeads, {}, groups, {batch(), length(), features});
}

ValueId Builder::attention(ValueId q, ValueId k, ValueId v, ValueId relative, ValueId mask) {
  Shape result = heads(q);
  EDGETRAN_CHECK(tensor(k, 4) == result && tensor(v, 4) == result,
                 "attention: queries, keys and values have the same axes");
  std::vector<ValueId> inputs{q, k, v};
  if (relative != kNone) {
    EDGETRAN_CHECK(
        tensor(relative, 2)[1] == result[3] && graph_.axis(shape(relative)[0]).size % 2 == 1,
        "attention: the relative table is [2 positions - 1, width]");
    inputs.push_back(relative);
  }
  const Attributes attributes{
      .has_relative = relative != kNone, .has_mask = mask != kNone, .dropout = true};
  return add_node(Op::kAttention, attributes, with_mask(std::move(inputs), mask),
                  std::move(result));
}

ValueId Builder::head_linear(ValueId x, ValueId weight, ValueId bias) {
  Shape result = heads(x);
  const Shape matrices = tensor(weight, 3);
  EDGETRAN_CHECK(matrices[0] == result[1] && matrices[2] == result[3],
                 "head_linear: the weight is [heads, out, in] for x's heads and features");
  result[3] = matrices[1];
  if (bias == kNone) return add_node(Op::kHeadLinear, {}, {x, weight}, std::move(result));
  EDGETRAN_CHECK(tensor(bias, 2) == (Shape{matrices[0], matrices[1]}),
                 "head_linear: the bias is [heads, out]");
  return add_node(Op::kHeadLinear, {}, {x, weight, bias}, std::move(result));
}

ValueId Builder::multiply(ValueId a, ValueId b) {
  Shape result = tensor(a, kNone);
  EDGETRAN_CHECK(tensor(b, kNone) == result, "multiply: both have the same axes");
  return add_node(Op::kMultiply, {}, {a, b}, std::move(result));
}

ValueId Builder::spectral(Spectrum spectrum, ValueId x, ValueId mask) {
  return add_node(Op::kSpectral, {.has_mask = mask != kNone, .spectrum = spectrum},
                  with_mask({x}, mask), heads(x));
}

ValueId Builder::depthwise_convolution(ValueId x, ValueId weight, ValueId mask) {
  Shape result = heads(x);
  const Shape taps = tensor(weight, 3);
  EDGETRAN_CHECK(taps[0] == result[1] && taps[1] == result[3],
                 "depthwise_convolution: the weight is [heads, width, taps]");
  check_taps(taps[2]);
  return add_node(Op::kDepthwiseConvolution, {.has_mask = mask != kNone},
                  with_mask({x, weight}, mask), std::move(result));
}

ValueId Builder::dynamic_convolution(ValueId scores, ValueId x, ValueId mask) {
  Shape result = heads(x);
  const Shape taps = heads(scores);
  EDGETRAN_CHECK(taps[1] == result[1], "dynamic_convolution: scores and values have other heads");
  check_taps(taps[3]);
  return add_node(Op::kDynamicConvolution, {.has_mask = mask != kNone},
                  with_mask({scores, x}, mask), std::move(result));
}

ValueId Builder::first_token(ValueId x) {
  const AxisId width = sequence(x)[2];
  return add_node(Op::kFirstToken, {}, {x}, {batch(), width});
}

ValueId Builder::select_positions(ValueId x, ValueId positions) {
  const AxisId width = sequence(x)[2];
  check_integers(positions);
  EDGETRAN_CHECK(shape(positions) == Shape{selected()},
                 "select_positions: positions are along the selected axis");
  return add_node(Op::kSelectPositions, {}, {x, positions}, {selected(), width});
}

}  // namespace edgetran::graph
