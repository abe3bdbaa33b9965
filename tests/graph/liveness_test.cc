#include "graph/liveness.h"

#include <gtest/gtest.h>

#include "graph/builder.h"

namespace edgetran::graph {
namespace {

constexpr Sizes kSizes{.batch = 1, .length = 10};

class Liveness : public testing::Test {
 protected:
  /// A product without bias onto an axis of this name and size.
  ValueId wide(ValueId from, const std::string& name, int64_t size) {
    return onto(from, name, g.axis(name, size));
  }
  ValueId onto(ValueId from, const std::string& name, AxisId out) {
    const ValueId weight = g.parameter(name + ".weight", {out, g.last_axis(from)},
                                       Initializer::kNormal, ParameterRole::kWeight);
    return g.linear(from, weight, kNone);
  }
  int64_t peak(ValueId result) {
    g.output("y", result);
    graph = g.build();
    return peak_live_bytes(graph, kSizes);
  }

  Builder g;
  Graph graph;
  AxisId width = g.axis("width", 1);
  ValueId x = g.input("x", ElementType::kFloat32, {g.batch(), g.length(), width});
};

TEST_F(Liveness, AChainHoldsOneInputAndOneOutputAtATime) {
  // x 40 B -> a 120 B -> b 200 B -> c 80 B: x+a, a+b, b+c
  const ValueId a = wide(x, "a", 3);
  const ValueId b = wide(a, "b", 5);
  EXPECT_EQ(peak(wide(b, "c", 2)), 320);
}

TEST_F(Liveness, AResidualIsHeldUntilItsAddition) {
  // x is read by the addition at the end: x 40 + a 400 + b 40 at b, not a 400 + b 40
  const ValueId a = wide(x, "a", 10);
  EXPECT_EQ(peak(g.add(onto(a, "back", width), x)), 480);
}

TEST_F(Liveness, OutputsOfTheGraphAreHeldToTheEnd) {
  const ValueId a = wide(x, "a", 3);
  g.output("a", a);
  const ValueId b = wide(a, "b", 1);
  // at c: a 120 (output) + b 40 + c 400
  EXPECT_EQ(peak(wide(b, "c", 10)), 560);
}

TEST_F(Liveness, InputsAreHeldFromTheStartToTheirLastReader) {
  const ValueId late = g.input("late", ElementType::kFloat32, {g.batch(), g.length(), width});
  const ValueId unused = g.input("unused", ElementType::kInt64, {g.batch(), g.length()});
  const ValueId a = wide(x, "a", 10);
  // at the second product: late 40 + a 400 + b 40; x and the unused input are not held
  EXPECT_EQ(peak(g.add(onto(a, "back", width), late)), 480);
  const std::vector<Lifetime> known = lifetimes(graph);
  EXPECT_EQ(known[static_cast<size_t>(late)].first, 0);
  EXPECT_EQ(known[static_cast<size_t>(late)].last, 2);
  EXPECT_EQ(known[static_cast<size_t>(unused)].last, -1);
}

TEST_F(Liveness, ADropoutIsItsInput) {
  const ValueId a = wide(x, "a", 10);
  const ValueId dropped = g.dropout(g.dropout(a));
  EXPECT_EQ(peak(g.gelu(dropped)), 800);  // a is held through both and read by the gelu
  const std::vector<Lifetime> known = lifetimes(graph);
  EXPECT_LT(known[static_cast<size_t>(dropped)].last, known[static_cast<size_t>(dropped)].first);
  EXPECT_EQ(known[static_cast<size_t>(a)].last, 3);
}

TEST_F(Liveness, ParametersAreNotHeld) {
  const ValueId a = wide(x, "a", 1000);
  EXPECT_EQ(peak(a), 40 + 40000);
}

TEST_F(Liveness, IntegersTakeEightBytes) {
  const ValueId ids = g.input("ids", ElementType::kInt64, {g.batch(), g.length()});
  g.output("ids", ids);
  EXPECT_EQ(peak(g.gelu(x)), 80 + 40 + 40);
}

}  // namespace
}  // namespace edgetran::graph
