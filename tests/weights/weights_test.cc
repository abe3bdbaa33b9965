#include "weights/weights.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/files.h"
#include "encoder/encoder.h"
#include "graph/builder.h"
#include "weights/random_spec.h"

namespace edgetran::weights {
namespace {

using base::ErrorCategory;
using base::RandomStream;
using ::testing::HasSubstr;

graph::Graph classifier(uint64_t seed) {
  auto graph = encoder::build_encoder(testing::random_spec(seed),
                                      {.head = encoder::TaskHead::kClassifier, .labels = 3});
  EXPECT_TRUE(graph) << graph.error().message;
  return std::move(*graph);
}

// Stored rows 0..1 are filed as rows 2..3 of "first", rows 2..3 as rows 0..1 of it; the stack's
// slices are tensors of their own.
graph::Graph permuted_graph() {
  graph::Builder builder;
  const auto rows = builder.axis("rows", 4), width = builder.axis("width", 3);
  const auto heads = builder.axis("heads", 2);
  const auto x =
      builder.input("x", graph::ElementType::kFloat32, {builder.batch(), builder.length(), width});
  const auto weight = builder.parameter(
      "first", {rows, width}, graph::Initializer::kNormal, graph::ParameterRole::kWeight,
      {{.name = "first", .shape = {4, 3}, .axis = 0, .blocks = {{2, 0, 2}, {0, 2, 2}}}});
  builder.parameter(
      "stack", {heads, width, width}, graph::Initializer::kIdentityPlusNormal,
      graph::ParameterRole::kMixing,
      {{.name = "heads.1", .shape = {3, 3}, .drops_axis = true, .blocks = {{0, 0, 1}}},
       {.name = "heads.0", .shape = {3, 3}, .drops_axis = true, .blocks = {{0, 1, 1}}}});
  builder.parameter(
      "columns", {width, rows}, graph::Initializer::kNormal, graph::ParameterRole::kWeight,
      {{.name = "columns", .shape = {3, 4}, .axis = 1, .blocks = {{3, 0, 1}, {0, 1, 3}}}});
  builder.output("y", builder.linear(x, weight, graph::kNone));
  return builder.build();
}

class WeightsFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = base::TemporaryFolder::create("weights");
    ASSERT_TRUE(folder);
    folder_.emplace(std::move(*folder));
    path_ = folder_->path() / "model.safetensors";
  }
  void write(const std::vector<TensorSource>& sources) const {
    ASSERT_TRUE(write_safetensors(path_, sources));
  }
  std::optional<base::TemporaryFolder> folder_;
  std::filesystem::path path_;
};

double deviation(const std::vector<float>& values) {
  double sum = 0, squares = 0;
  for (const float value : values) sum += value;
  const double mean = sum / static_cast<double>(values.size());
  for (const float value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

TEST(WeightsTest, has_a_tensor_for_each_parameter_in_its_shape) {
  const graph::Graph graph = classifier(1);
  const Weights weights(graph);
  ASSERT_EQ(weights.size(), graph.parameters().size());
  int64_t count = 0;
  for (graph::ParameterId id = 0; id < static_cast<graph::ParameterId>(weights.size()); ++id) {
    const graph::Parameter& parameter = graph.parameters()[static_cast<size_t>(id)];
    EXPECT_EQ(weights.name(id), parameter.name);
    EXPECT_EQ(weights.at(id).shape, graph.dimensions(parameter));
    EXPECT_EQ(weights.find(parameter.name), &weights.at(id));
    count += graph.element_count(parameter);
  }
  EXPECT_EQ(weights.element_count(), count);
  EXPECT_EQ(weights.find("no.such.parameter"), nullptr);
}

TEST(WeightsTest, depends_on_the_seed_and_on_nothing_else) {
  const graph::Graph graph = classifier(2);
  const auto first = initialize(graph, {7, "w"}, Initialization::kTraining);
  const auto again = initialize(graph, {7, "w"}, Initialization::kTraining);
  const auto other = initialize(graph, {8, "w"}, Initialization::kTraining);
  EXPECT_EQ(first.find("pooler.weight")->data, again.find("pooler.weight")->data);
  EXPECT_NE(first.find("pooler.weight")->data, other.find("pooler.weight")->data);
}

TEST(WeightsTest, draws_a_tensor_alike_whatever_else_the_graph_holds) {
  const space::ModelSpec spec = testing::random_spec(3);
  const auto bare = encoder::build_encoder(spec, {}).value();
  const auto full = encoder::build_encoder(spec, {.head = encoder::TaskHead::kClassifier}).value();
  const auto small = initialize(bare, {7, "w"}, Initialization::kOrderOne);
  const auto large = initialize(full, {7, "w"}, Initialization::kOrderOne);
  for (graph::ParameterId id = 0; id < static_cast<graph::ParameterId>(small.size()); ++id)
    EXPECT_EQ(small.at(id).data, large.find(small.name(id))->data) << small.name(id);
}

TEST(WeightsTest, starts_training_from_small_normals_zeros_ones_and_identities) {
  graph::Builder builder;
  const auto width = builder.axis("width", 80), one = builder.axis("one", 1);
  const auto x =
      builder.input("x", graph::ElementType::kFloat32, {builder.batch(), builder.length(), width});
  using graph::Initializer;
  using graph::ParameterRole;
  builder.parameter("normal", {width, width}, Initializer::kNormal, ParameterRole::kWeight);
  builder.parameter("zeros", {width}, Initializer::kZeros, ParameterRole::kBias);
  builder.parameter("ones", {width}, Initializer::kOnes, ParameterRole::kNormWeight);
  builder.parameter(
      "mixing", {one, width, width}, Initializer::kIdentityPlusNormal, ParameterRole::kMixing,
      {{.name = "heads.0.mixing", .shape = {80, 80}, .drops_axis = true, .blocks = {{0, 0, 1}}}});
  builder.output("y", builder.tanh(x));
  const auto weights = initialize(builder.build(), {1, "w"}, Initialization::kTraining);
  EXPECT_NEAR(deviation(weights.find("normal")->data), 0.02, 0.001);
  EXPECT_THAT(weights.find("zeros")->data, ::testing::Each(0.0F));
  EXPECT_THAT(weights.find("ones")->data, ::testing::Each(1.0F));
  std::vector<float> mixing = weights.find("mixing")->data;
  for (size_t i = 0; i < 80; ++i) mixing[i * 81] -= 1;
  EXPECT_NEAR(deviation(mixing), 0.02, 0.001);
  EXPECT_LT(std::abs(*std::max_element(mixing.begin(), mixing.end())), 0.15);
}

TEST(WeightsTest, makes_order_one_weights_by_fan_in) {
  space::ModelSpec spec = testing::random_spec(4);
  spec.vocabulary = 500;
  spec.layers.assign(1,
                     {.width = 64, .head_width = 16, .heads = {"sa_sdp"}, .feed_forward = {256}});
  const auto graph = encoder::build_encoder(spec, {}).value();
  const auto weights = initialize(graph, {1, "w"}, Initialization::kOrderOne);
  const auto spread = [&](const char* name) { return deviation(weights.find(name)->data); };
  EXPECT_NEAR(spread("embeddings.word.weight"), 1, 0.03);
  EXPECT_NEAR(spread("layers.0.feed_forward.0.weight"), 1 / 8.0, 0.005);
  EXPECT_NEAR(spread("layers.0.feed_forward.1.weight"), 1 / 16.0, 0.003);
  EXPECT_NEAR(spread("layers.0.feed_forward.0.bias"), 0.3, 0.05);
  for (const float value : weights.find("layers.0.attention_norm.weight")->data) {
    EXPECT_GE(value, 0.8F);
    EXPECT_LE(value, 1.2F);
  }
  EXPECT_GT(spread("layers.0.attention_norm.weight"), 0.05);
}

TEST_F(WeightsFileTest, reads_what_it_saved) {
  const graph::Graph graph = classifier(5);
  const auto weights = initialize(graph, {1, "w"}, Initialization::kOrderOne);
  ASSERT_TRUE(save_weights(weights, graph, path_));
  auto loaded = load_weights(path_, graph);
  ASSERT_TRUE(loaded) << loaded.error().message;
  for (graph::ParameterId id = 0; id < static_cast<graph::ParameterId>(weights.size()); ++id)
    EXPECT_EQ(loaded->at(id).data, weights.at(id).data) << weights.name(id);
}

TEST_F(WeightsFileTest, files_parameters_in_their_listed_order) {
  const graph::Graph graph = permuted_graph();
  Weights weights(graph);
  float next = 0;
  for (graph::ParameterId id = 0; id < 3; ++id)
    for (float& value : weights.at(id).data) value = next++;
  ASSERT_TRUE(save_weights(weights, graph, path_));
  auto file = SafetensorsFile::open(path_).value();
  EXPECT_EQ(read_floats(*file.find("first")).value(),
            (std::vector<float>{6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(file.find("heads.0")->shape, (std::vector<int64_t>{3, 3}));
  EXPECT_EQ(read_floats(*file.find("heads.0")).value()[0], 12 + 9);
  EXPECT_EQ(read_floats(*file.find("heads.1")).value()[0], 12);
  EXPECT_EQ(read_floats(*file.find("columns")).value(),
            (std::vector<float>{31, 32, 33, 30, 35, 36, 37, 34, 39, 40, 41, 38}));
  EXPECT_EQ(file.find("stack"), nullptr);
  auto loaded = load_weights(path_, graph);
  ASSERT_TRUE(loaded) << loaded.error().message;
  for (graph::ParameterId id = 0; id < 3; ++id) EXPECT_EQ(loaded->at(id).data, weights.at(id).data);
}

TEST_F(WeightsFileTest, names_missing_extra_and_wrongly_shaped_tensors_at_once) {
  const std::vector<float> twelve(12), nine(9);
  write({{"first", {3, 4}, std::span(twelve)},
         {"heads.0", {3, 3}, std::span(nine)},
         {"columns", {3, 4}, std::span(twelve)},
         {"surplus", {9}, std::span(nine)}});
  const auto loaded = load_weights(path_, permuted_graph());
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().category, ErrorCategory::kUsage);
  EXPECT_THAT(loaded.error().message, HasSubstr(path_.string()));
  EXPECT_THAT(loaded.error().message, HasSubstr("missing: heads.1"));
  EXPECT_THAT(loaded.error().message, HasSubstr("not part of the model: surplus"));
  EXPECT_THAT(loaded.error().message, HasSubstr("first is [3, 4], the model has [4, 3]"));
}

TEST_F(WeightsFileTest, counts_the_rest_of_many_misfits) {
  write({});
  const auto loaded = load_weights(path_, classifier(6));
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr(" more"));
  EXPECT_LT(loaded.error().message.size(), 600U);
}

TEST_F(WeightsFileTest, refuses_weights_that_are_not_finite) {
  const graph::Graph graph = classifier(7);
  auto weights = initialize(graph, {1, "w"}, Initialization::kTraining);
  weights.find("pooler.bias")->data[2] = std::nanf("");
  ASSERT_TRUE(save_weights(weights, graph, path_));
  const auto loaded = load_weights(path_, graph);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().category, ErrorCategory::kCorrupt);
  EXPECT_THAT(loaded.error().message, HasSubstr("pooler.bias"));
}

TEST_F(WeightsFileTest, puts_a_saved_encoder_under_a_fresh_classifier) {
  const space::ModelSpec spec = testing::random_spec(8);
  const auto mlm =
      encoder::build_encoder(spec, {.head = encoder::TaskHead::kMaskedLanguageModel}).value();
  const auto trained = initialize(mlm, {1, "w"}, Initialization::kOrderOne);
  ASSERT_TRUE(save_weights(trained, mlm, path_));
  const auto graph = encoder::build_encoder(spec, {.head = encoder::TaskHead::kClassifier}).value();
  const auto fresh = initialize(graph, {2, "w"}, Initialization::kTraining);
  Weights weights = fresh;
  const auto report = load_matching(path_, graph, weights);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->missing, ::testing::Contains("classifier.weight"));
  EXPECT_THAT(report->extra, ::testing::Contains("mlm.bias"));
  EXPECT_EQ(weights.find("classifier.weight")->data, fresh.find("classifier.weight")->data);
  EXPECT_EQ(weights.find("embeddings.word.weight")->data,
            trained.find("embeddings.word.weight")->data);
}

TEST_F(WeightsFileTest, leaves_the_weights_alone_when_a_partial_load_fails) {
  const graph::Graph graph = permuted_graph();
  const std::vector<float> nine(9, 5), twelve(12);
  write({{"heads.0", {3, 3}, std::span(nine)}, {"first", {12}, std::span(twelve)}});
  Weights weights(graph);
  const auto report = load_matching(path_, graph, weights);
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr("first is [12]"));
  EXPECT_THAT(weights.find("stack")->data, ::testing::Each(0.0F));
}

}  // namespace
}  // namespace edgetran::weights
