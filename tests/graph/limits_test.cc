#include "graph/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/builder.h"

namespace edgetran::graph {
namespace {

Graph graph_with(int64_t absolute_rows, int64_t relative_rows) {
  Builder g;
  const AxisId width = g.axis("head_width", 4);
  const AxisId features = g.composite_axis("features", {{g.axis("heads", 2), width}});
  ValueId x = g.input("x", ElementType::kFloat32, {g.batch(), g.length(), features});
  if (absolute_rows > 0)
    x = g.add(
        x, g.position_rows(g.parameter("positions", {g.axis("positions", absolute_rows), features},
                                       Initializer::kNormal, ParameterRole::kEmbedding)));
  ValueId relative = kNone;
  if (relative_rows > 0)
    relative = g.parameter("relative", {g.axis("offsets", relative_rows), width},
                           Initializer::kNormal, ParameterRole::kRelative);
  const ValueId q = g.split_heads(x, 0);
  g.output("y", g.attention(q, q, q, relative, kNone));
  return g.build();
}

TEST(Limits, TheShortestPositionTableIsTheMaximumLength) {
  EXPECT_EQ(maximum_length(graph_with(0, 0)), std::nullopt);
  EXPECT_EQ(maximum_length(graph_with(64, 0)), 64);
  EXPECT_EQ(maximum_length(graph_with(0, 63)), 32);
  EXPECT_EQ(maximum_length(graph_with(16, 63)), 16);
}

TEST(Limits, SizesThatFitPass) {
  EXPECT_TRUE(check_sizes(graph_with(64, 0), {.batch = 1, .length = 64}));
  EXPECT_TRUE(check_sizes(graph_with(0, 0), {.batch = 1, .length = 1000000}));
}

TEST(Limits, SizesThatDoNotFitAreUsageErrors) {
  const Graph graph = graph_with(64, 0);
  const auto message = [&](const Sizes& sizes) {
    const base::Status status = check_sizes(graph, sizes);
    EXPECT_FALSE(status);
    EXPECT_EQ(status.error().category, base::ErrorCategory::kUsage);
    return status.error().message;
  };
  EXPECT_EQ(message({.batch = 0}), "batch is 0; it must be at least 1");
  EXPECT_EQ(message({.length = -3}), "length is -3; it must be at least 1");
  EXPECT_EQ(message({.length = 65}), "length is 65; the model has 64 positions");
  EXPECT_THAT(message({.length = 8, .selected = -1}), testing::HasSubstr("-1 selected positions"));
}

}  // namespace
}  // namespace edgetran::graph
