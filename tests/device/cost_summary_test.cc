#include "device/cost_summary.h"

#include <gtest/gtest.h>

#include "encoder/encoder.h"
#include "graph/cost.h"

namespace edgetran::device {
namespace {

graph::Graph encoder_of(const std::string& head) {
  space::ModelSpec spec;
  spec.vocabulary = 1000;
  spec.embedding = 64;
  spec.layers = {{.width = 64, .head_width = 32, .heads = {head, head}, .feed_forward = {128}}};
  return std::move(
      *encoder::build_encoder(spec, {.head = encoder::TaskHead::kClassifier, .labels = 2}));
}

int64_t flops_of(const CostSummary& cost, OperatorClass operators) {
  for (const OperatorCost& one : cost.operators) {
    if (one.operators == operators) return one.flops;
  }
  return 0;
}

TEST(CountCost, ItsClassesAddUpToTheGraphsCost) {
  for (const char* head : {"sa_sdp", "sa_wma", "l_dft", "l_dct", "c_5"}) {
    const graph::Graph graph = encoder_of(head);
    const graph::Sizes sizes{.batch = 2, .length = 16};
    const CostSummary cost = count_cost(graph, sizes);
    const graph::GraphCost counted = graph::count_graph(graph, sizes);
    EXPECT_EQ(cost.flops, counted.total.flops) << head;
    EXPECT_EQ(cost.bytes_moved, counted.total.bytes_moved) << head;
    EXPECT_EQ(cost.peak_activation_bytes, counted.peak_activation_bytes) << head;
    int64_t flops = 0, bytes = 0;
    for (const OperatorCost& one : cost.operators) {
      flops += one.flops;
      bytes += one.bytes_moved;
    }
    EXPECT_EQ(flops, cost.flops) << head;
    EXPECT_EQ(bytes, cost.bytes_moved) << head;
  }
}

TEST(CountCost, EachHeadsWorkIsInItsClass) {
  const graph::Sizes sizes{.batch = 1, .length = 16};
  const auto of = [&](const char* head, OperatorClass operators) {
    return flops_of(count_cost(encoder_of(head), sizes), operators);
  };
  EXPECT_GT(of("sa_sdp", OperatorClass::kAttention), 0);
  EXPECT_EQ(of("sa_sdp", OperatorClass::kSpectral), 0);
  EXPECT_GT(of("l_dft", OperatorClass::kSpectral), 0);
  EXPECT_EQ(of("l_dft", OperatorClass::kAttention), 0);
  EXPECT_GT(of("c_5", OperatorClass::kConvolution), 0);
  EXPECT_EQ(of("c_5", OperatorClass::kAttention), 0);
}

TEST(CountCost, TablesAreNotInTheWorkingSet) {
  const CostSummary cost = count_cost(encoder_of("sa_sdp"), {.batch = 1, .length = 16});
  // 1000 words of 64 features alone would be 256 000 bytes; the layer's weights are about 130 000.
  EXPECT_GT(cost.working_set_bytes, 4 * (3 * 64 * 64 + 2 * 64 * 128));
  EXPECT_LT(cost.working_set_bytes, 256'000);
}

TEST(CountCost, DropoutIsNotLaunched) {
  const graph::Graph graph = encoder_of("sa_sdp");
  int64_t dropouts = 0;
  for (const graph::Node& node : graph.nodes()) dropouts += node.op == graph::Op::kDropout;
  ASSERT_GT(dropouts, 0);
  EXPECT_EQ(count_cost(graph, {.batch = 1, .length = 16}).nodes,
            static_cast<int64_t>(graph.nodes().size()) - dropouts);
}

}  // namespace
}  // namespace edgetran::device
