#include "graph/describe.h"

#include <gtest/gtest.h>

#include "graph/builder.h"

namespace edgetran::graph {
namespace {

TEST(Describe, ListsInputsParametersNodesAndOutputsInOrder) {
  Builder g;
  const AxisId width = g.axis("head_width", 4);
  const AxisId features = g.composite_axis("features", {{g.axis("heads", 2), width}});
  const ValueId x = g.input("x", ElementType::kFloat32, {g.batch(), g.length(), features});
  const ValueId bias = g.parameter("bias", {features}, Initializer::kZeros, ParameterRole::kBias);
  g.set_scope("layers.0.attention", 0);
  g.output("y", g.split_heads(g.add(x, bias), 0));
  EXPECT_EQ(describe(g.build()),
            "input x[batch, length, features=8]\n"
            "parameter bias[features=8]\n"
            "%0[batch, length, features=8] = add(x, bias)  # layers.0.attention\n"
            "%1[batch, heads=2, length, head_width=4] = split_heads(%0, part 0)"
            "  # layers.0.attention\n"
            "output y = %1\n");
}

}  // namespace
}  // namespace edgetran::graph
