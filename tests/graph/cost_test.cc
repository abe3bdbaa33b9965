// Every number here is worked out by hand from encoder.md's "Counting" and src/graph/README.md.
#include "graph/cost.h"

#include <gtest/gtest.h>

#include <limits>

#include "graph/builder.h"

namespace edgetran::graph {
namespace {

constexpr Sizes kSizes{.batch = 2, .length = 3, .selected = 4};

/// A builder with an input x [batch, length, width 8] and the cost of the last node of a graph.
class Counting : public testing::Test {
 protected:
  Cost cost_of(ValueId result) {
    g.output("y", result);
    graph = g.build();
    return count_node(graph, graph.nodes().back(), kSizes);
  }
  ValueId weight(const std::string& name, const Shape& shape) {
    return g.parameter(name, shape, Initializer::kNormal, ParameterRole::kWeight);
  }
  ValueId heads() {
    features = g.composite_axis("features", {{g.axis("heads", 5), head_width}});
    return g.split_heads(g.input("h", ElementType::kFloat32, {g.batch(), g.length(), features}), 0);
  }

  Builder g;
  Graph graph;
  AxisId width = g.axis("width", 8);
  AxisId head_width = g.axis("head_width", 7);
  AxisId features = kNone;  // 5 heads of head_width, made by heads()
  ValueId x = g.input("x", ElementType::kFloat32, {g.batch(), g.length(), width});
  ValueId ids = g.input("ids", ElementType::kInt64, {g.batch(), g.length()});
};

TEST_F(Counting, LinearIsTwoAMultiplyAddAndOneABias) {
  const AxisId out = g.axis("out", 5);
  const Cost cost = cost_of(g.linear(x, weight("w", {out, width}), weight("b", {out})));
  EXPECT_EQ(cost.parameters, 5 * 8 + 5);
  EXPECT_EQ(cost.flops, 2 * 6 * 8 * 5 + 6 * 5);
  EXPECT_EQ(cost.bytes_moved, 4 * (6 * 8 + 5 * 8 + 5 + 6 * 5));
}

TEST_F(Counting, LinearWithoutBiasHasNoAdditions) {
  const Cost cost = cost_of(g.linear(x, weight("w", {g.axis("out", 5), width}), kNone));
  EXPECT_EQ(cost.flops, 2 * 6 * 8 * 5);
  EXPECT_EQ(cost.bytes_moved, 4 * (6 * 8 + 5 * 8 + 6 * 5));
}

TEST_F(Counting, EmbeddingReadsTheRowsThatItGives) {
  const Cost cost = cost_of(g.embedding(weight("t", {g.axis("rows", 1000), width}), ids));
  EXPECT_EQ(cost.parameters, 8000);
  EXPECT_EQ(cost.flops, 0);
  EXPECT_EQ(cost.bytes_moved, 8 * 6 + 4 * 6 * 8 + 4 * 6 * 8);  // int64 ids, rows, output
}

TEST_F(Counting, PositionRowsReadOnlyTheLength) {
  const Cost cost = cost_of(g.position_rows(weight("t", {g.axis("rows", 1000), width})));
  EXPECT_EQ(cost.flops, 0);
  EXPECT_EQ(cost.bytes_moved, 2 * 4 * 3 * 8);
}

TEST_F(Counting, ElementWiseOperatorsAreOneAnElement) {
  EXPECT_EQ(cost_of(g.gelu(x)).flops, 48);
  EXPECT_EQ(count_node(graph, graph.nodes()[0], kSizes).bytes_moved, 2 * 4 * 48);
}

TEST_F(Counting, AddMovesBothOperandsAndASharedOneOnce) {
  const ValueId y = g.input("z", ElementType::kFloat32, {g.length(), width});
  const ValueId sum = g.add(x, y);
  const Cost twice = cost_of(g.add(sum, sum));
  const Cost once = count_node(graph, graph.nodes()[0], kSizes);
  EXPECT_EQ(once.flops, 48);
  EXPECT_EQ(once.bytes_moved, 4 * (48 + 24 + 48));
  EXPECT_EQ(twice.flops, 48);
  EXPECT_EQ(twice.bytes_moved, 4 * (48 + 48));
}

TEST_F(Counting, LayerNormIsOneAnElement) {
  const Cost cost = cost_of(g.layer_norm(x, weight("w", {width}), weight("b", {width}), 1e-12));
  EXPECT_EQ(cost.parameters, 16);
  EXPECT_EQ(cost.flops, 48);
  EXPECT_EQ(cost.bytes_moved, 4 * (48 + 8 + 8 + 48));
}

TEST_F(Counting, DropoutCostsNothing) {
  const Cost cost = cost_of(g.dropout(x));
  EXPECT_EQ(cost.flops, 0);
  EXPECT_EQ(cost.bytes_moved, 0);
}

TEST_F(Counting, PlainAttentionIsTwoProductsScalingAndSoftmax) {
  const ValueId q = heads();
  const Cost cost = cost_of(g.attention(q, q, q, kNone, kNone));
  const int64_t scores = 2 * 5 * 3 * 3;
  EXPECT_EQ(cost.flops, scores * (2 * 7 + 2 * 7 + 1 + 1));
  EXPECT_EQ(cost.bytes_moved, 4 * (2 * 5 * 3 * 7) * 2);  // the one operand, thrice used; output
}

TEST_F(Counting, RelativeKeysAreAThirdProductOverTheRowsInReach) {
  const ValueId q = heads();
  const ValueId relative = weight("r", {g.axis("offsets", 1023), head_width});
  const Cost cost = cost_of(g.attention(q, q, q, relative, kNone));
  EXPECT_EQ(cost.parameters, 1023 * 7);
  EXPECT_EQ(cost.flops, 2 * 5 * 3 * 3 * (6 * 7 + 2 + 1));
  EXPECT_EQ(cost.bytes_moved, 4 * (2 * 5 * 3 * 7) * 2 + 4 * 5 * 7);  // offsets -2 .. 2
}

TEST_F(Counting, AMaskIsOneAdditionAScore) {
  const ValueId q = heads();
  const Cost cost = cost_of(g.attention(q, q, q, kNone, ids));
  EXPECT_EQ(cost.flops, 2 * 5 * 3 * 3 * (4 * 7 + 2 + 1));
  EXPECT_EQ(cost.bytes_moved, 4 * (2 * 5 * 3 * 7) * 2 + 8 * 6);
}

TEST_F(Counting, HeadLinearIsTheProductOfEachHead) {
  const ValueId v = heads();
  const AxisId out = g.axis("out", 4);
  const AxisId blocks = g.axis("heads", 5);
  const Cost cost =
      cost_of(g.head_linear(v, weight("w", {blocks, out, head_width}), weight("b", {blocks, out})));
  EXPECT_EQ(cost.parameters, 5 * 4 * 7 + 5 * 4);
  EXPECT_EQ(cost.flops, 2 * 5 * 3 * 4 * (2 * 7 + 1));
  EXPECT_EQ(cost.bytes_moved, 4 * (2 * 5 * 3 * 7 + 5 * 4 * 7 + 5 * 4 + 2 * 5 * 3 * 4));
}

TEST_F(Counting, MultiplyIsOneAnElement) {
  const ValueId v = heads();
  EXPECT_EQ(cost_of(g.multiply(v, v)).flops, 2 * 5 * 3 * 7);
}

TEST_F(Counting, TheDftIsItsFourRealProductsAndADifference) {
  const Cost cost = cost_of(g.spectral(Spectrum::kDft, heads(), kNone));
  const int64_t elements = 2 * 5 * 3 * 7;
  EXPECT_EQ(cost.parameters, 0);
  EXPECT_EQ(cost.flops, elements * (2 * 2 * 3 + 2 * 2 * 7 + 1));
  EXPECT_EQ(cost.bytes_moved, 4 * (2 * elements + 2 * (3 * 3 + 7 * 7)));
}

TEST_F(Counting, TheDctIsItsTwoRealProducts) {
  const Cost cost = cost_of(g.spectral(Spectrum::kDct, heads(), ids));
  const int64_t elements = 2 * 5 * 3 * 7;
  EXPECT_EQ(cost.flops, elements * (2 * 3 + 2 * 7));
  EXPECT_EQ(cost.bytes_moved, 4 * (2 * elements + 3 * 3 + 7 * 7) + 8 * 6);
}

TEST_F(Counting, ConvolutionsAreTwoATap) {
  const ValueId v = heads();
  const AxisId blocks = g.axis("heads", 5);
  const AxisId taps = g.axis("taps", 9);
  const ValueId filters = weight("w", {blocks, head_width, taps});
  const Cost cost = cost_of(g.depthwise_convolution(v, filters, kNone));
  EXPECT_EQ(cost.parameters, 5 * 7 * 9);
  EXPECT_EQ(cost.flops, 2 * 5 * 3 * 7 * 2 * 9);
  EXPECT_EQ(cost.bytes_moved, 4 * (2 * 2 * 5 * 3 * 7 + 5 * 7 * 9));
}

TEST_F(Counting, DynamicConvolutionsAddASoftmax) {
  const ValueId v = heads();
  const ValueId scores =
      g.head_linear(v, weight("w", {g.axis("heads", 5), g.axis("taps", 9), head_width}), kNone);
  const Cost cost = cost_of(g.dynamic_convolution(scores, v, kNone));
  EXPECT_EQ(cost.flops, 2 * 5 * 3 * 9 + 2 * 5 * 3 * 7 * 2 * 9);
  EXPECT_EQ(cost.bytes_moved, 4 * (2 * 5 * 3 * 9 + 2 * 2 * 5 * 3 * 7));
}

TEST_F(Counting, SplittingAndMergingMoveButDoNotCompute) {
  const ValueId q = heads();
  const Cost cost = cost_of(g.merge_heads({q}, features));
  EXPECT_EQ(cost.flops, 0);
  EXPECT_EQ(cost.bytes_moved, 2 * 4 * 2 * 5 * 3 * 7);
  EXPECT_EQ(count_node(graph, graph.nodes()[0], kSizes).bytes_moved, cost.bytes_moved);
}

TEST_F(Counting, FirstTokenReadsARowASequence) {
  EXPECT_EQ(cost_of(g.first_token(x)).bytes_moved, 2 * 4 * 2 * 8);
}

TEST_F(Counting, SelectPositionsReadsTheSelectedRows) {
  const ValueId positions = g.input("p", ElementType::kInt64, {g.selected()});
  EXPECT_EQ(cost_of(g.select_positions(x, positions)).bytes_moved, 8 * 4 + 2 * 4 * 4 * 8);
}

TEST_F(Counting, TiedParametersCountOnceInTotals) {
  const ValueId table = weight("t", {g.axis("rows", 10), width});
  const ValueId logits = g.linear(g.embedding(table, ids), table, kNone);
  const Cost node = cost_of(logits);
  EXPECT_EQ(node.parameters, 80);
  const GraphCost cost = count_graph(graph, kSizes);
  EXPECT_EQ(cost.total.parameters, 80);
  EXPECT_EQ(cost.outside_layers.parameters, 80);
}

TEST_F(Counting, LayersAndTheRestAddUpToTheTotal) {
  const ValueId w = weight("w", {width, width});
  g.set_scope("layers.1", 1);
  ValueId y = g.gelu(g.linear(x, w, kNone));
  g.set_scope("head");
  y = g.tanh(y);
  cost_of(y);
  const GraphCost cost = count_graph(graph, kSizes);
  ASSERT_EQ(cost.layers.size(), 2U);
  EXPECT_EQ(cost.layers[0].flops, 0);
  EXPECT_EQ(cost.layers[1].flops, 2 * 6 * 64 + 48);
  EXPECT_EQ(cost.layers[1].parameters, 64);
  EXPECT_EQ(cost.outside_layers.flops, 48);
  EXPECT_EQ(cost.outside_layers.parameters, 0);
  EXPECT_EQ(cost.total.flops, cost.layers[1].flops + cost.outside_layers.flops);
  EXPECT_EQ(cost.total.bytes_moved, cost.layers[1].bytes_moved + cost.outside_layers.bytes_moved);
}

TEST_F(Counting, SizesBeyondReasonSaturate) {
  cost_of(g.linear(x, weight("w", {width, width}), kNone));
  const GraphCost cost =
      count_graph(graph, {.batch = int64_t{1} << 40, .length = int64_t{1} << 40});
  EXPECT_EQ(cost.total.flops, std::numeric_limits<int64_t>::max());
  EXPECT_EQ(cost.total.bytes_moved, std::numeric_limits<int64_t>::max());
  EXPECT_EQ(cost.peak_activation_bytes, std::numeric_limits<int64_t>::max());
}

}  // namespace
}  // namespace edgetran::graph
