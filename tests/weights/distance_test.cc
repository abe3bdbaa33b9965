#include "weights/distance.h"

#include <gmock/gmock.h>
#include <rapidcheck.h>

#include <algorithm>

#include "encoder/encoder.h"
#include "graph/builder.h"
#include "weights/random_spec.h"

namespace edgetran::weights {
namespace {

using space::LayerSpec;
using space::ModelSpec;

double distance(const ModelSpec& a, const ModelSpec& b) {
  const auto result = spec_distance(a, b);
  EXPECT_TRUE(result) << result.error().message;
  return result.value_or(-1);
}

LayerSpec layer(int64_t width, size_t heads, std::vector<int64_t> stack) {
  return {.width = width,
          .head_width = 8,
          .heads = std::vector<std::string>(heads, "sa_sdp"),
          .feed_forward = std::move(stack)};
}

ModelSpec small_spec() {
  return {.vocabulary = 10, .positions = 6, .embedding = 16, .layers = {layer(16, 2, {32})}};
}

int64_t parameters(const ModelSpec& spec) {
  int64_t count = 0;
  const auto graph = encoder::build_encoder(spec, {}).value();
  for (const graph::Parameter& parameter : graph.parameters())
    count += graph.element_count(parameter);
  return count;
}

TEST(DistanceTest, is_a_symmetric_share_and_zero_for_equal_specs) {
  EXPECT_TRUE(rc::check("distance", [](uint64_t seed_a, uint64_t seed_b) {
    const ModelSpec a = testing::random_spec(seed_a), b = testing::random_spec(seed_b);
    const double there = distance(a, b);
    RC_ASSERT(there >= 0 && there <= 1);
    RC_ASSERT(there == distance(b, a));
    RC_ASSERT(distance(a, a) == 0);
  }));
}

TEST(DistanceTest, is_the_share_of_a_layer_that_only_one_has) {
  const ModelSpec shallow = small_spec();
  ModelSpec deep = shallow;
  deep.layers.push_back(deep.layers[0]);
  const auto all = static_cast<double>(parameters(deep));
  EXPECT_DOUBLE_EQ(distance(shallow, deep), (all - static_cast<double>(parameters(shallow))) / all);
}

TEST(DistanceTest, counts_the_rows_and_columns_of_a_head_that_only_one_has) {
  const ModelSpec two = small_spec();
  ModelSpec three = two;
  three.layers[0] = layer(16, 3, {32});
  // Query, key and value: 8 rows of 16 weights and a bias; output: 8 columns of 16.
  const double extra = 3 * (8 * 16 + 8) + 16 * 8;
  EXPECT_DOUBLE_EQ(distance(two, three), extra / static_cast<double>(parameters(three)));
}

TEST(DistanceTest, takes_the_common_part_of_a_wider_stack) {
  ModelSpec wide = small_spec();
  wide.layers[0] = layer(16, 2, {48});
  const double extra = 16 * 16 + 16 + 16 * 16;  // rows, their biases, columns
  EXPECT_DOUBLE_EQ(distance(small_spec(), wide), extra / static_cast<double>(parameters(wide)));
}

TEST(DistanceTest, does_not_take_the_last_matrix_of_a_stack_for_a_middle_one) {
  ModelSpec longer = small_spec();
  longer.layers[0] = layer(16, 2, {32, 16});
  // The new middle matrix [16, 32] has the name and shape of the old last one, but its rows are
  // features of the stack, not of the residual stream.
  const double extra = (16 * 32 + 16) + (16 * 16 + 16);
  EXPECT_DOUBLE_EQ(distance(small_spec(), longer), extra / static_cast<double>(parameters(longer)));
}

TEST(DistanceTest, knows_the_residual_stream_where_only_one_model_projects) {
  ModelSpec projected = small_spec();
  projected.embedding = 12;
  const auto rows = coverage(encoder::build_encoder(small_spec(), {}).value(),
                             encoder::build_encoder(projected, {}).value());
  const auto covered = [&](const char* name) {
    return std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.name == name; })
        ->matched;
  };
  EXPECT_EQ(covered("layers.0.query.weight"), 16 * 16);
  EXPECT_EQ(covered("embeddings.word.weight"), 10 * 12);
  EXPECT_EQ(covered("embeddings.projection.weight"), 0);
}

// One layer's values with these heads of types a and b, stored in groups.
graph::Graph typed_heads(int64_t of_type_a, int64_t of_type_b) {
  graph::Builder builder;
  const auto width = builder.axis("width", 5), head = builder.axis("head_width", 3);
  std::vector<graph::AxisPart> parts;
  if (of_type_a > 0) parts.push_back({builder.axis("heads.a", of_type_a), head});
  if (of_type_b > 0) parts.push_back({builder.axis("heads.b", of_type_b), head});
  const auto features = builder.composite_axis("features", parts);
  const auto x =
      builder.input("x", graph::ElementType::kFloat32, {builder.batch(), builder.length(), width});
  const auto weight = builder.parameter("value.weight", {features, width},
                                        graph::Initializer::kNormal, graph::ParameterRole::kWeight);
  builder.output("y", builder.linear(x, weight, graph::kNone));
  return builder.build();
}

TEST(DistanceTest, matches_heads_within_their_type) {
  const auto rows = coverage(typed_heads(3, 1), typed_heads(1, 4));
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].source, 4 * 3 * 5);
  EXPECT_EQ(rows[0].target, 5 * 3 * 5);
  EXPECT_EQ(rows[0].matched, (1 + 1) * 3 * 5);
  EXPECT_DOUBLE_EQ(graph_distance(typed_heads(2, 0), typed_heads(0, 2)), 1);
}

TEST(DistanceTest, reports_parameters_that_only_one_has) {
  const auto bare = encoder::build_encoder(small_spec(), {}).value();
  const auto full =
      encoder::build_encoder(small_spec(), {.head = encoder::TaskHead::kClassifier}).value();
  const auto rows = coverage(bare, full);
  const auto added = std::find_if(rows.begin(), rows.end(),
                                  [](const auto& row) { return row.name == "classifier.bias"; });
  ASSERT_NE(added, rows.end());
  EXPECT_EQ(added->source, 0);
  EXPECT_EQ(added->target, 2);
  EXPECT_EQ(added->matched, 0);
}

TEST(DistanceTest, passes_on_the_encoder_s_complaint) {
  ModelSpec strange = small_spec();
  strange.layers[0].heads[0] = "sa_xyz";
  const auto result = spec_distance(strange, small_spec());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().category, base::ErrorCategory::kUsage);
}

}  // namespace
}  // namespace edgetran::weights
