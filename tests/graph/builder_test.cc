#include "graph/builder.h"

#include <gtest/gtest.h>

#include <set>

#include "graph/graph.h"

namespace edgetran::graph {
namespace {

constexpr auto kWeight = ParameterRole::kWeight;
constexpr auto kNormal = Initializer::kNormal;

ValueId ids(Builder& g) { return g.input("ids", ElementType::kInt64, {g.batch(), g.length()}); }

ValueId sequence(Builder& g, AxisId features) {
  return g.input("x", ElementType::kFloat32, {g.batch(), g.length(), features});
}

TEST(Builder, EmbeddingAppendsTheTablesWidthToTheAxesOfTheIds) {
  Builder g;
  const AxisId width = g.axis("width", 8);
  const ValueId table = g.parameter("table", {g.axis("rows", 100), width}, kNormal, kWeight);
  EXPECT_EQ(g.shape(g.embedding(table, ids(g))), (Shape{g.batch(), g.length(), width}));
}

TEST(Builder, PositionRowsAreAlongTheLength) {
  Builder g;
  const AxisId width = g.axis("width", 8);
  const ValueId table = g.parameter("table", {g.axis("rows", 100), width}, kNormal, kWeight);
  EXPECT_EQ(g.shape(g.position_rows(table)), (Shape{g.length(), width}));
}

TEST(Builder, LinearReplacesTheLastAxisAndKeepsTheOthers) {
  Builder g;
  const AxisId in = g.axis("in", 8);
  const AxisId out = g.axis("out", 5);
  const ValueId weight = g.parameter("weight", {out, in}, kNormal, kWeight);
  const ValueId x = sequence(g, in);
  EXPECT_EQ(g.shape(g.linear(x, weight, kNone)), (Shape{g.batch(), g.length(), out}));
  EXPECT_EQ(g.shape(g.linear(g.first_token(x), weight, kNone)), (Shape{g.batch(), out}));
}

TEST(Builder, AddTakesOperandsAlongTheTrailingAxes) {
  Builder g;
  const AxisId width = g.axis("width", 8);
  const ValueId x = sequence(g, width);
  const ValueId bias = g.parameter("bias", {width}, kNormal, ParameterRole::kBias);
  EXPECT_EQ(g.shape(g.add(x, bias)), g.shape(x));
  EXPECT_EQ(g.shape(g.add(x, x)), g.shape(x));
}

TEST(Builder, ElementWiseOperatorsKeepTheShape) {
  Builder g;
  const AxisId width = g.axis("width", 8);
  const ValueId x = sequence(g, width);
  const ValueId scale = g.parameter("scale", {width}, Initializer::kOnes, kWeight);
  for (const ValueId y : {g.gelu(x), g.tanh(x), g.dropout(x), g.layer_norm(x, scale, scale, 1e-12)})
    EXPECT_EQ(g.shape(y), g.shape(x));
}

TEST(Builder, SplitThenMergeOfAllPartsGivesTheCompositeAxisBack) {
  Builder g;
  const AxisId width = g.axis("head_width", 4);
  const std::vector<AxisPart> parts{{g.axis("a", 2), width}, {g.axis("b", 3), width}};
  const AxisId features = g.composite_axis("features", parts);
  EXPECT_EQ(g.axis_size(features), 20);
  const ValueId x = sequence(g, features);
  const ValueId a = g.split_heads(x, 0);
  const ValueId b = g.split_heads(x, 1);
  EXPECT_EQ(g.shape(a), (Shape{g.batch(), parts[0].blocks, g.length(), width}));
  EXPECT_EQ(g.shape(b), (Shape{g.batch(), parts[1].blocks, g.length(), width}));
  EXPECT_EQ(g.shape(g.merge_heads({a, b}, features)), g.shape(x));
}

TEST(Builder, AttentionKeepsTheQueriesShapeAndSaysWhichOperandsItHas) {
  Builder g;
  const AxisId width = g.axis("head_width", 4);
  const AxisId features = g.composite_axis("features", {{g.axis("heads", 2), width}});
  const ValueId q = g.split_heads(sequence(g, features), 0);
  const ValueId relative =
      g.parameter("relative", {g.axis("offsets", 9), width}, kNormal, ParameterRole::kRelative);
  const ValueId mask = g.input("mask", ElementType::kInt64, {g.batch(), g.length()});
  g.output("plain", g.attention(q, q, q, kNone, kNone));
  g.output("full", g.attention(q, q, q, relative, mask));
  const Graph graph = g.build();
  const Node& plain = graph.nodes()[1];
  const Node& full = graph.nodes()[2];
  EXPECT_EQ(graph.value(full.output).shape, graph.value(q).shape);
  EXPECT_EQ(full.inputs, (std::vector<ValueId>{q, q, q, relative, mask}));
  EXPECT_TRUE(full.attributes.has_relative && full.attributes.has_mask);
  EXPECT_FALSE(plain.attributes.has_relative || plain.attributes.has_mask);
  EXPECT_TRUE(plain.attributes.dropout);
}

TEST(Builder, SelectPositionsGivesOneRowASelection) {
  Builder g;
  const AxisId width = g.axis("width", 8);
  const ValueId positions = g.input("positions", ElementType::kInt64, {g.selected()});
  EXPECT_EQ(g.shape(g.select_positions(sequence(g, width), positions)),
            (Shape{g.selected(), width}));
}

TEST(Builder, AnAxisIsMadeOnceAName) {
  Builder g;
  EXPECT_EQ(g.axis("width", 8), g.axis("width", 8));
  EXPECT_NE(g.axis("width", 8), g.axis("other", 8));
}

TEST(Builder, NodesCarryTheScopeThatWasSetBeforeThem) {
  Builder g;
  const ValueId x = sequence(g, g.axis("width", 8));
  const ValueId y = g.gelu(x);
  g.set_scope("layers.3.attention", 3);
  g.output("z", g.tanh(y));
  const Graph graph = g.build();
  EXPECT_EQ(graph.nodes()[0].scope, "");
  EXPECT_EQ(graph.nodes()[0].layer, kNone);
  EXPECT_EQ(graph.nodes()[1].scope, "layers.3.attention");
  EXPECT_EQ(graph.nodes()[1].layer, 3);
}

TEST(Builder, IsEmptyAfterBuild) {
  Builder g;
  g.output("y", g.gelu(sequence(g, g.axis("width", 8))));
  EXPECT_EQ(g.build().nodes().size(), 1U);
  const ValueId x = sequence(g, g.axis("width", 4));  // the name and another size are free again
  g.output("y", g.gelu(x));
  const Graph second = g.build();
  EXPECT_EQ(second.axis(second.value(x).shape[2]).size, 4);
  EXPECT_EQ(second.nodes().size(), 1U);
}

TEST(Graph, FindsParametersInputsAndOutputsByName) {
  Builder g;
  const AxisId width = g.axis("width", 8);
  const ValueId x = sequence(g, width);
  const ValueId y = g.add(x, g.parameter("bias", {width}, kNormal, ParameterRole::kBias));
  g.output("y", y);
  const Graph graph = g.build();
  EXPECT_EQ(graph.find_parameter("bias"), 0);
  EXPECT_EQ(graph.find_parameter("x"), kNone);
  EXPECT_EQ(graph.find_input("x"), x);
  EXPECT_EQ(graph.find_input("y"), kNone);
  EXPECT_EQ(graph.find_output("y"), y);
  EXPECT_EQ(graph.find_output("bias"), kNone);
}

TEST(Graph, FillsInSymbolicAxesFromTheSizes) {
  Builder g;
  const ValueId x = sequence(g, g.axis("width", 8));
  g.output("y", x);
  const Graph graph = g.build();
  EXPECT_EQ(graph.dimensions(graph.value(x).shape, {.batch = 3, .length = 17}),
            (std::vector<int64_t>{3, 17, 8}));
}

TEST(Graph, EveryOperatorHasItsOwnName) {
  std::set<std::string_view> names;
  for (int op = 0; op <= static_cast<int>(Op::kSelectPositions); ++op)
    names.insert(op_name(static_cast<Op>(op)));
  EXPECT_EQ(names.size(), static_cast<size_t>(Op::kSelectPositions) + 1);
}

}  // namespace
}  // namespace edgetran::graph
