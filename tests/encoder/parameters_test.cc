// Names and shapes of a model's file against the design's table.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "encoder/encoder.h"
#include "encoder/expected_parameters.h"
#include "encoder/random_spec.h"
#include "encoder/specs.h"
#include "graph/file_tensor.h"

namespace edgetran::encoder {
namespace {

using testing::bert;
using testing::expected_shapes;
using testing::mixed;
using testing::Shapes;

Shapes filed_shapes(const graph::Graph& graph) {
  Shapes shapes;
  for (const graph::Parameter& parameter : graph.parameters())
    for (const graph::FileTensor& tensor : parameter.file_tensors)
      shapes[tensor.name] = tensor.shape;
  return shapes;
}

Shapes built_shapes(const space::ModelSpec& spec, const BuildOptions& options) {
  return filed_shapes(build_encoder(spec, options).value());
}

TEST(Parameters, OfABertAreThoseOfTheTable) {
  Shapes expected = expected_shapes(bert(2, 128, 512));
  expected["pooler.weight"] = {128, 128};
  expected["pooler.bias"] = {128};
  EXPECT_EQ(built_shapes(bert(2, 128, 512), {}), expected);
  EXPECT_EQ(expected.at("layers.1.feed_forward.0.weight"), (std::vector<int64_t>{512, 128}));
}

TEST(Parameters, OfMixedWidthsAndStacksAreThoseOfTheTable) {
  const Shapes expected = expected_shapes(mixed());
  EXPECT_EQ(built_shapes(mixed(), {.pooler = false}), expected);
  // A few by hand, so that the table's reading is itself tested.
  EXPECT_EQ(expected.at("embeddings.projection.weight"), (std::vector<int64_t>{8, 6}));
  EXPECT_EQ(expected.at("layers.0.query.weight"), (std::vector<int64_t>{6, 8}));
  EXPECT_EQ(expected.at("layers.1.output.weight"), (std::vector<int64_t>{8, 10}));
  EXPECT_EQ(expected.at("layers.1.projection.weight"), (std::vector<int64_t>{10, 8}));
  EXPECT_EQ(expected.at("layers.2.relative.weight"), (std::vector<int64_t>{19, 5}));
  EXPECT_EQ(expected.at("layers.2.feed_forward.3.weight"), (std::vector<int64_t>{10, 11}));
  EXPECT_FALSE(expected.contains("layers.0.projection.weight"));
  EXPECT_FALSE(expected.contains("layers.2.projection.weight"));
  EXPECT_FALSE(expected.contains("embeddings.position.weight"));
}

TEST(Parameters, AClassifierAddsItsLinearAndThePooler) {
  Shapes expected = expected_shapes(mixed());
  expected["pooler.weight"] = {10, 10};
  expected["pooler.bias"] = {10};
  expected["classifier.weight"] = {7, 10};
  expected["classifier.bias"] = {7};
  EXPECT_EQ(built_shapes(mixed(), {.head = TaskHead::kClassifier, .labels = 7, .pooler = false}),
            expected);
}

TEST(Parameters, AMaskedLanguageModelTiesItsOutputToTheWords) {
  Shapes expected = expected_shapes(mixed());
  expected["mlm.transform.weight"] = {6, 10};
  expected["mlm.transform.bias"] = expected["mlm.norm.weight"] = expected["mlm.norm.bias"] = {6};
  expected["mlm.bias"] = {40};
  EXPECT_EQ(built_shapes(mixed(), {.head = TaskHead::kMaskedLanguageModel}), expected);
}

TEST(Parameters, SayHowTheyStart) {
  const graph::Graph graph = build_encoder(mixed(), {}).value();
  const auto check = [&](const char* name, graph::Initializer initializer,
                         graph::ParameterRole role) {
    const auto id = static_cast<size_t>(graph.find_parameter(name));
    EXPECT_EQ(graph.parameters()[id].initializer, initializer) << name;
    EXPECT_EQ(graph.parameters()[id].role, role) << name;
  };
  using graph::Initializer;
  using graph::ParameterRole;
  check("embeddings.word.weight", Initializer::kNormal, ParameterRole::kEmbedding);
  check("layers.0.relative.weight", Initializer::kNormal, ParameterRole::kRelative);
  check("layers.0.query.weight", Initializer::kNormal, ParameterRole::kWeight);
  check("layers.0.query.bias", Initializer::kZeros, ParameterRole::kBias);
  check("layers.0.attention_norm.weight", Initializer::kOnes, ParameterRole::kNormWeight);
  check("layers.0.attention_norm.bias", Initializer::kZeros, ParameterRole::kBias);
}

RC_GTEST_PROP(Parameters, OfAnySpecAreThoseOfTheTableAndFiledOnce, ()) {
  const space::ModelSpec spec = *testing::arbitrary_spec();
  const graph::Graph graph = build_encoder(spec, {.pooler = false}).value();
  RC_ASSERT(filed_shapes(graph) == expected_shapes(spec));
  for (const graph::Parameter& parameter : graph.parameters())
    RC_ASSERT(graph::file_tensors_problem(graph.dimensions(parameter), parameter.file_tensors) ==
              "");
}

}  // namespace
}  // namespace edgetran::encoder
