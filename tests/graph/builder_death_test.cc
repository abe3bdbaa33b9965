// Shapes that do not fit are defects of the caller: each ends the program with its reason.
#include <gtest/gtest.h>

#include "graph/builder.h"

namespace edgetran::graph {
namespace {

constexpr auto kWeight = ParameterRole::kWeight;
constexpr auto kNormal = Initializer::kNormal;

class BuilderDeathTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  ValueId heads(const std::string& blocks, int64_t count) {
    const AxisId features =
        g.composite_axis(blocks + ".features", {{g.axis(blocks, count), head_width}});
    const ValueId wide =
        g.input(blocks + ".x", ElementType::kFloat32, {g.batch(), g.length(), features});
    return g.split_heads(wide, 0);
  }

  Builder g;
  AxisId width = g.axis("width", 8);
  AxisId twin = g.axis("twin", 8);  // the same size, another axis
  AxisId head_width = g.axis("head_width", 4);
  ValueId x = g.input("x", ElementType::kFloat32, {g.batch(), g.length(), width});
  ValueId y = g.input("y", ElementType::kFloat32, {g.batch(), g.length(), twin});
  ValueId ids = g.input("ids", ElementType::kInt64, {g.batch(), g.length()});
};

TEST_F(BuilderDeathTest, AnAxisKeepsItsSize) {
  EXPECT_DEATH(g.axis("width", 9), "width: the axis is known with another size");
  EXPECT_DEATH(g.axis("batch", 1), "batch: the axis is known with another size or kind");
  EXPECT_DEATH(g.axis("none", 0), "none: an axis needs a positive size");
}

TEST_F(BuilderDeathTest, CompositeAxesHaveFixedPartsAndTheirOwnName) {
  EXPECT_DEATH(g.composite_axis("width", {{width, twin}}), "width: the axis is known already");
  EXPECT_DEATH(g.composite_axis("empty", {}), "empty: a composite axis needs a part");
  EXPECT_DEATH(g.composite_axis("c", {{g.batch(), width}}), "parts of a composite axis are fixed");
}

TEST_F(BuilderDeathTest, LinearMatchesAxesByIdentityNotBySize) {
  const ValueId weight = g.parameter("w", {width, twin}, kNormal, kWeight);
  EXPECT_DEATH(g.linear(x, weight, kNone), "the last axis of x is not the weight's input");
}

TEST_F(BuilderDeathTest, LinearsBiasIsAlongItsOutput) {
  const ValueId weight = g.parameter("w", {twin, width}, kNormal, kWeight);
  const ValueId bias = g.parameter("b", {width}, kNormal, ParameterRole::kBias);
  EXPECT_DEATH(g.linear(x, weight, bias), "the bias is not along the output");
}

TEST_F(BuilderDeathTest, ResidualsAddOnlyOnTheSameAxes) {
  EXPECT_DEATH(g.add(x, y), "the axes of b are not the trailing axes of a");
  EXPECT_DEATH(g.add(g.first_token(x), x), "the axes of b are not the trailing axes of a");
}

TEST_F(BuilderDeathTest, LayerNormsParametersAreAlongTheLastAxis) {
  const ValueId scale = g.parameter("s", {twin}, kNormal, kWeight);
  const ValueId fits = g.parameter("t", {width}, kNormal, kWeight);
  EXPECT_DEATH(g.layer_norm(x, fits, scale, 1e-12), "weight and bias are not along the last axis");
  EXPECT_DEATH(g.layer_norm(x, fits, fits, 0), "epsilon is positive");
}

TEST_F(BuilderDeathTest, OnlyCompositeAxesAreSplit) {
  EXPECT_DEATH(g.split_heads(x, 0), "width: no such part");
}

TEST_F(BuilderDeathTest, MergeWantsTheGroupsOfTheAxisInOrder) {
  const ValueId a = heads("a", 2);
  const ValueId b = heads("b", 3);
  const AxisId both =
      g.composite_axis("both", {{g.axis("a", 2), head_width}, {g.axis("b", 3), head_width}});
  EXPECT_DEATH(g.merge_heads({b, a}, both), "the group is not its part of the composite axis");
  EXPECT_DEATH(g.merge_heads({a}, both), "a group for each part");
}

TEST_F(BuilderDeathTest, AttentionWantsTheSameHeadsEverywhere) {
  const ValueId a = heads("a", 2);
  const ValueId b = heads("b", 2);
  EXPECT_DEATH(g.attention(a, b, a, kNone, kNone), "queries, keys and values have the same axes");
  const ValueId even =
      g.parameter("even", {g.axis("even", 8), head_width}, kNormal, ParameterRole::kRelative);
  EXPECT_DEATH(g.attention(a, a, a, even, kNone), "the relative table is");
  EXPECT_DEATH(g.attention(a, a, a, kNone, x), "int64 values are wanted");
}

TEST_F(BuilderDeathTest, IdsAreIntegersAndTensorsAreFloats) {
  const ValueId table = g.parameter("t", {twin, width}, kNormal, kWeight);
  EXPECT_DEATH(g.embedding(table, x), "int64 values are wanted");
  EXPECT_DEATH(g.gelu(ids), "a float32 tensor is wanted");
}

TEST_F(BuilderDeathTest, ParametersHaveFixedAxesAndOneName) {
  g.parameter("p", {width}, kNormal, kWeight);
  EXPECT_DEATH(g.parameter("p", {width}, kNormal, kWeight), "p: the name is taken");
  EXPECT_DEATH(g.parameter("q", {g.batch()}, kNormal, kWeight), "q: only fixed axes");
  EXPECT_DEATH(g.parameter("r", {}, kNormal, kWeight), "r: a parameter has at least one axis");
}

TEST_F(BuilderDeathTest, FileTensorsCoverTheirParameter) {
  const FileTensor half{
      .name = "half", .shape = {4}, .axis = 0, .drops_axis = false, .blocks = {{0, 0, 4}}};
  EXPECT_DEATH(g.parameter("p", {width}, kNormal, kWeight, {half}),
               "p: blocks do not cover the parameter once");
}

TEST_F(BuilderDeathTest, AGraphHasOutputsWithTheirOwnNames) {
  EXPECT_DEATH(g.build(), "a graph needs an output");
  g.output("o", x);
  EXPECT_DEATH(g.output("o", y), "o: the output is known already");
  EXPECT_DEATH(g.output("p", 999), "no such value");
}

}  // namespace
}  // namespace edgetran::graph
