#include "graph/cost.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "encoder/encoder.h"
#include "encoder/expected_parameters.h"
#include "encoder/random_spec.h"
#include "encoder/specs.h"

namespace edgetran::encoder {
namespace {

using testing::bert;
using testing::mixed;

TEST(Cost, BertBaseHasThePublishedNumberOfParameters) {
  const graph::Graph graph = build_encoder(bert(12, 768, 3072), {}).value();
  EXPECT_EQ(graph::count_graph(graph, {}).total.parameters, 109'482'240);
}

TEST(Cost, ALayerIsTheClosedFormula) {
  const int64_t h = 128;
  const int64_t heads = 2;
  const int64_t length = 50;
  const graph::Graph graph = build_encoder(bert(2, h, 4 * h), {}).value();
  const graph::GraphCost cost = graph::count_graph(graph, {.batch = 3, .length = length});
  const int64_t products = 24 * h * h * length + 4 * h * length * length;
  const int64_t biases = (4 + 4 + 1) * h * length;
  const int64_t scores = 2 * heads * length * length;  // scaling, softmax
  const int64_t rest = (4 + 2 + 2) * h * length;       // gelu, residuals, norms
  ASSERT_EQ(cost.layers.size(), 2U);
  for (const graph::Cost& layer : cost.layers)
    EXPECT_EQ(layer.flops, 3 * (products + biases + scores + rest));
  EXPECT_EQ(cost.layers[0].parameters, 12 * h * h + 13 * h);
}

TEST(Cost, OutsideTheLayersAreEmbeddingsAndPooler) {
  const int64_t h = 128;
  const int64_t length = 50;
  const graph::Graph graph = build_encoder(bert(2, h, 4 * h), {}).value();
  const graph::Cost cost = graph::count_graph(graph, {.batch = 1, .length = length}).outside_layers;
  // Two additions and a norm; the pooler's product, bias and tanh.
  EXPECT_EQ(cost.flops, 3 * h * length + 2 * h * h + h + h);
  EXPECT_EQ(cost.parameters, (30522 + 512 + 2 + 2) * h + h * h + h);
}

TEST(Cost, TheMaskedLanguageModelCostsByTheSelectedPositions) {
  const graph::Graph graph =
      build_encoder(mixed(), {.head = TaskHead::kMaskedLanguageModel}).value();
  const auto flops = [&](int64_t selected) {
    return graph::count_graph(graph, {.batch = 2, .length = 8, .selected = selected}).total.flops;
  };
  // A row: transform 10 -> 6 and logits 6 -> 40 with their biases, gelu and norm.
  EXPECT_EQ(flops(5) - flops(0), 5 * (2 * 10 * 6 + 6 + 2 * 6 * 40 + 40 + 6 + 6));
}

TEST(Cost, RelativeKeysCostAThirdProductAHead) {
  space::ModelSpec spec = bert(1, 128, 512);
  const auto flops = [&] {
    return graph::count_graph(build_encoder(spec, {.pooler = false}).value(), {.length = 64})
        .layers[0]
        .flops;
  };
  const int64_t absolute = flops();
  spec.position = space::PositionKind::kRelativeKey;
  EXPECT_EQ(flops() - absolute, 2 * 64 * 64 * (2 * 64 + 1));
}

TEST(Cost, PeakMemoryOfABertIsInItsFeedForward) {
  const int64_t h = 128;
  const int64_t length = 50;
  const graph::Graph graph = build_encoder(bert(2, h, 4 * h), {.pooler = false}).value();
  // The layer's input to the residual, the stack's product and its activation.
  EXPECT_EQ(graph::count_graph(graph, {.length = length}).peak_activation_bytes,
            4 * length * (h + 4 * h + 4 * h));
}

TEST(Cost, TheLargestSizesNeitherOverflowNorTakeLong) {
  space::ModelSpec spec;
  spec.vocabulary = 1;
  spec.positions = space::kMaxPositions;
  spec.layers.assign(2, {.width = space::kMaxWidth,
                         .head_width = space::kMaxWidth,
                         .heads = testing::sdp(2),
                         .feed_forward = {space::kMaxWidth}});
  const graph::Graph graph = build_encoder(spec, {}).value();
  const graph::GraphCost cost = graph::count_graph(
      graph, {.batch = std::numeric_limits<int64_t>::max(), .length = space::kMaxPositions});
  EXPECT_EQ(cost.total.flops, std::numeric_limits<int64_t>::max());
  EXPECT_GT(cost.total.parameters, int64_t{1} << 36);
}

RC_GTEST_PROP(Cost, ParametersOfAnySpecAreTheElementsOfItsFile, ()) {
  const space::ModelSpec spec = *testing::arbitrary_spec();
  int64_t elements = 0;
  for (const auto& [name, shape] : testing::expected_shapes(spec)) {
    int64_t count = 1;
    for (const int64_t size : shape) count *= size;
    elements += count;
  }
  const graph::Graph graph = build_encoder(spec, {.pooler = false}).value();
  RC_ASSERT(graph::count_graph(graph, {}).total.parameters == elements);
}

RC_GTEST_PROP(Cost, WorkIsProportionalToTheBatch, ()) {
  const graph::Graph graph = build_encoder(*testing::arbitrary_spec(), {.mask = true}).value();
  const auto batch = *rc::gen::inRange<int64_t>(2, 50);
  const graph::GraphCost one = graph::count_graph(graph, {.batch = 1, .length = 9});
  const graph::GraphCost many = graph::count_graph(graph, {.batch = batch, .length = 9});
  RC_ASSERT(many.total.flops == batch * one.total.flops);
  RC_ASSERT(many.total.bytes_moved < batch * one.total.bytes_moved);  // weights are read once
  RC_ASSERT(many.total.parameters == one.total.parameters);
}

}  // namespace
}  // namespace edgetran::encoder
