#include "encoder/encoder.h"

#include <gtest/gtest.h>

#include "encoder/specs.h"

namespace edgetran::encoder {
namespace {

using graph::Graph;
using graph::Op;
using testing::bert;
using testing::mixed;

std::vector<std::string> names(std::span<const graph::NamedValue> values) {
  std::vector<std::string> result;
  for (const graph::NamedValue& value : values) result.push_back(value.name);
  return result;
}

std::vector<int64_t> output_dimensions(const Graph& graph, const char* name) {
  return graph.dimensions(graph.value(graph.find_output(name)).shape,
                          {.batch = 2, .length = 7, .selected = 5});
}

/// Names of the axes of a parameter.
std::vector<std::string> axes(const Graph& graph, const char* name) {
  std::vector<std::string> result;
  for (const graph::AxisId id :
       graph.parameters()[static_cast<size_t>(graph.find_parameter(name))].shape)
    result.push_back(graph.axis(id).name);
  return result;
}

size_t count(const Graph& graph, Op op) {
  size_t result = 0;
  for (const graph::Node& node : graph.nodes()) result += node.op == op ? 1 : 0;
  return result;
}

using Names = std::vector<std::string>;
using Dimensions = std::vector<int64_t>;

TEST(Encoder, WithoutHeadGivesStatesAndPooled) {
  const Graph graph = build_encoder(mixed(), {}).value();
  EXPECT_EQ(names(graph.inputs()), (Names{"input_ids", "token_type_ids"}));
  EXPECT_EQ(names(graph.outputs()), (Names{"last_hidden_state", "pooled"}));
  EXPECT_EQ(output_dimensions(graph, "last_hidden_state"), (Dimensions{2, 7, 10}));
  EXPECT_EQ(output_dimensions(graph, "pooled"), (Dimensions{2, 10}));
  EXPECT_EQ(names(build_encoder(mixed(), {.pooler = false})->outputs()),
            Names{"last_hidden_state"});
}

TEST(Encoder, AClassifierGivesLogitsOfItsLabels) {
  const Graph graph = build_encoder(mixed(), {.head = TaskHead::kClassifier, .labels = 4}).value();
  EXPECT_EQ(names(graph.outputs()), (Names{"last_hidden_state", "pooled", "logits"}));
  EXPECT_EQ(output_dimensions(graph, "logits"), (Dimensions{2, 4}));
}

TEST(Encoder, AMaskedLanguageModelGivesLogitsOfSelectedPositions) {
  const Graph graph = build_encoder(mixed(), {.head = TaskHead::kMaskedLanguageModel}).value();
  EXPECT_EQ(names(graph.inputs()), (Names{"input_ids", "token_type_ids", "selected_positions"}));
  EXPECT_EQ(names(graph.outputs()), (Names{"last_hidden_state", "mlm_logits"}));
  EXPECT_EQ(output_dimensions(graph, "mlm_logits"), (Dimensions{5, 40}));
}

TEST(Encoder, AMaskReachesEveryAttention) {
  const Graph graph = build_encoder(mixed(), {.mask = true}).value();
  const graph::ValueId mask = graph.find_input("attention_mask");
  ASSERT_NE(mask, graph::kNone);
  for (const graph::Node& node : graph.nodes())
    if (node.op == Op::kAttention) {
      EXPECT_TRUE(node.attributes.has_mask);
      EXPECT_EQ(node.inputs.back(), mask);
    }
  EXPECT_EQ(count(graph, Op::kAttention), 3U);
}

TEST(Encoder, HiddenStatesAreWhatEachLayerReadsAndTheResult) {
  const Graph graph = build_encoder(mixed(), {.hidden_states = true}).value();
  EXPECT_EQ(output_dimensions(graph, "hidden_states.0"), (Dimensions{2, 7, 8}));
  EXPECT_EQ(output_dimensions(graph, "hidden_states.1"), (Dimensions{2, 7, 8}));
  EXPECT_EQ(output_dimensions(graph, "hidden_states.2"), (Dimensions{2, 7, 10}));
  EXPECT_EQ(graph.find_output("hidden_states.3"), graph.find_output("last_hidden_state"));
  EXPECT_EQ(graph.find_output("hidden_states.4"), graph::kNone);
  const graph::ValueId read = graph.find_output("hidden_states.2");
  EXPECT_EQ(graph.nodes()[static_cast<size_t>(graph.value(read).index)].scope,
            "layers.1.projection");
}

TEST(Encoder, ABertHasTheOperatorsOfABert) {
  const Graph graph = build_encoder(bert(2, 128, 512), {}).value();
  EXPECT_EQ(count(graph, Op::kEmbedding), 2U);
  EXPECT_EQ(count(graph, Op::kPositionRows), 1U);
  EXPECT_EQ(count(graph, Op::kLinear), 2U * 6 + 1);
  EXPECT_EQ(count(graph, Op::kLayerNorm), 1U + 2 * 2);
  EXPECT_EQ(count(graph, Op::kAttention), 2U);
  EXPECT_EQ(count(graph, Op::kGelu), 2U);
  EXPECT_EQ(count(graph, Op::kDropout), 1U + 2 * 2);
  EXPECT_EQ(count(graph, Op::kTanh), 1U);
  for (const graph::Node& node : graph.nodes()) {
    if (node.op == Op::kLayerNorm) {
      EXPECT_EQ(node.attributes.epsilon, 1e-12);
    }
  }
}

TEST(Encoder, RelativeKeysReplaceThePositionTable) {
  const Graph graph = build_encoder(mixed(), {}).value();
  EXPECT_EQ(count(graph, Op::kPositionRows), 0U);
  for (const graph::Node& node : graph.nodes()) {
    if (node.op == Op::kAttention) {
      EXPECT_TRUE(node.attributes.has_relative);
    }
  }
  EXPECT_EQ(axes(graph, "layers.2.relative.weight"),
            (Names{"relative_positions", "layers.2.head_width"}));
}

TEST(Encoder, TheResidualStreamIsOneAxisUntilAProjection) {
  const Graph graph = build_encoder(mixed(), {}).value();
  EXPECT_EQ(axes(graph, "embeddings.projection.weight"), (Names{"layers.0.width", "embedding"}));
  EXPECT_EQ(axes(graph, "layers.0.query.weight"),
            (Names{"layers.0.query_features", "layers.0.width"}));
  EXPECT_EQ(axes(graph, "layers.1.output.weight"),
            (Names{"layers.0.width", "layers.1.head_features"}));
  EXPECT_EQ(axes(graph, "layers.1.projection.weight"), (Names{"layers.2.width", "layers.0.width"}));
  EXPECT_EQ(axes(graph, "layers.2.feed_forward.3.weight"),
            (Names{"layers.2.width", "layers.2.feed_forward.2"}));
  EXPECT_EQ(axes(graph, "pooler.weight"), (Names{"layers.2.width", "layers.2.width"}));
}

TEST(Encoder, AnEmbeddingOfTheFirstWidthIsTheStreamItself) {
  space::ModelSpec spec = bert(1, 128, 256);
  EXPECT_EQ(axes(build_encoder(spec, {}).value(), "layers.0.query.weight")[1], "embedding");
  spec.embedding = 128;
  EXPECT_EQ(axes(build_encoder(spec, {}).value(), "layers.0.query.weight")[1], "embedding");
}

TEST(Encoder, TheMaskedLanguageModelReadsTheWordTable) {
  const Graph graph = build_encoder(mixed(), {.head = TaskHead::kMaskedLanguageModel}).value();
  const graph::Node& last = graph.nodes().back();
  ASSERT_EQ(last.op, Op::kLinear);
  const graph::Value& table = graph.value(last.inputs[1]);
  EXPECT_EQ(table.source, graph::Value::Source::kParameter);
  EXPECT_EQ(table.index, graph.find_parameter("embeddings.word.weight"));
}

TEST(Encoder, NodesKnowTheirLayer) {
  const Graph graph = build_encoder(mixed(), {}).value();
  for (const graph::Node& node : graph.nodes()) {
    const bool inside = node.scope.starts_with("layers.");
    EXPECT_EQ(node.layer, inside ? node.scope[7] - '0' : graph::kNone) << node.scope;
  }
}

}  // namespace
}  // namespace edgetran::encoder
