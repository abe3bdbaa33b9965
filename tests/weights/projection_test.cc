#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "graph/builder.h"
#include "weights/transfer_fixture.h"

namespace edgetran::weights {
namespace {

using testing::build;
using ::testing::Each;
using ::testing::FloatNear;
using testing::Graph;
using testing::ModelSpec;
using testing::order_one;
using testing::RandomStream;
using testing::small_spec;

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = 0;
  EXPECT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - b[i]));
  return largest;
}

/// [rows, inner] times [inner, columns].
std::vector<float> product(const std::vector<float>& a, const std::vector<float>& b, size_t rows,
                           size_t inner, size_t columns) {
  std::vector<float> result(rows * columns);
  for (size_t i = 0; i < rows; ++i)
    for (size_t k = 0; k < inner; ++k)
      for (size_t j = 0; j < columns; ++j)
        result[i * columns + j] += a[i * inner + k] * b[k * columns + j];
  return result;
}

std::vector<float> transposed(const std::vector<float>& a, size_t rows, size_t columns) {
  std::vector<float> result(a.size());
  for (size_t i = 0; i < rows; ++i)
    for (size_t j = 0; j < columns; ++j) result[j * rows + i] = a[i * columns + j];
  return result;
}

TEST(RandomFrame, IsOrthonormalAlongItsShortSide) {
  for (const auto& [rows, columns] : {std::pair<size_t, size_t>{5, 12}, {12, 5}, {7, 7}}) {
    const Matrix frame = random_frame(static_cast<int64_t>(rows), static_cast<int64_t>(columns),
                                      RandomStream(3, "frame"));
    const auto turned = transposed(frame.values, rows, columns);
    const size_t few = std::min(rows, columns);
    const auto gram = rows <= columns ? product(frame.values, turned, rows, columns, rows)
                                      : product(turned, frame.values, columns, rows, columns);
    for (size_t i = 0; i < few; ++i)
      for (size_t j = 0; j < few; ++j) EXPECT_NEAR(gram[i * few + j], i == j ? 1 : 0, 1e-5);
  }
}

/// x -> first [hidden, 6] -> second [6, hidden], without an activation between.
Graph two_maps(int64_t hidden) {
  graph::Builder builder;
  const auto width = builder.axis("width", 6), middle = builder.axis("middle", hidden);
  const auto x =
      builder.input("x", graph::ElementType::kFloat32, {builder.batch(), builder.length(), width});
  const auto first = builder.parameter("first", {middle, width}, graph::Initializer::kNormal,
                                       graph::ParameterRole::kWeight);
  const auto second = builder.parameter("second", {width, middle}, graph::Initializer::kNormal,
                                        graph::ParameterRole::kWeight);
  builder.output("y", builder.linear(builder.linear(x, first, graph::kNone), second, graph::kNone));
  return builder.build();
}

TEST(Projection, ActsOnProducerAndConsumerAlike) {
  for (const auto& [from, to] : {std::pair<size_t, size_t>{5, 9}, {9, 5}}) {
    const Graph source = two_maps(static_cast<int64_t>(from));
    const Graph target = two_maps(static_cast<int64_t>(to));
    const Weights weights = order_one(source);
    const Transferred made =
        transfer(source, weights, target, {.mode = TransferMode::kProjection, .seed = 4});
    const Matrix p = random_frame(static_cast<int64_t>(to), static_cast<int64_t>(from),
                                  RandomStream(4, "transfer.projection").derive("middle"));
    const auto& first = weights.find("first")->data;
    const auto& second = weights.find("second")->data;
    const auto& new_first = made.weights.find("first")->data;
    const auto& new_second = made.weights.find("second")->data;
    if (from < to) {  // what came from the source is found again: Pᵀ W1' = W1, W2' P = W2
      EXPECT_LT(largest_difference(product(transposed(p.values, to, from), new_first, from, to, 6),
                                   first),
                1e-5);
      EXPECT_LT(largest_difference(product(new_second, p.values, 6, to, from), second), 1e-5);
    } else {  // all of it comes from the source: W1' = P W1, W2' = W2 Pᵀ
      EXPECT_LT(largest_difference(product(p.values, first, to, from, 6), new_first), 1e-5);
      EXPECT_LT(largest_difference(product(second, transposed(p.values, to, from), 6, from, to),
                                   new_second),
                1e-5);
    }
  }
}

TEST(Projection, KeepsTheScoresOfHeadsThatGrow) {
  ModelSpec to = small_spec();
  to.layers[0].head_width = 7;
  const Graph source = build(small_spec()), target = build(to);
  const Weights weights = order_one(source);
  const Transferred made = transfer(
      source, weights, target, {.mode = TransferMode::kProjection, .preserve_function = false});
  const Matrix p =
      random_frame(7, 3, RandomStream(1, "transfer.projection").derive("layers.0.head_width"));
  // Of head 0: what its new queries and keys have in the range of P gives the old products.
  const auto pulled = [&](const Weights& from, const char* name) {
    const auto& rows = from.find(name)->data;
    return product(transposed(p.values, 7, 3), {rows.begin(), rows.begin() + 7 * 8}, 3, 7, 8);
  };
  for (const char* name : {"layers.0.query.weight", "layers.0.key.weight"}) {
    const auto& old_rows = weights.find(name)->data;
    EXPECT_LT(
        largest_difference(pulled(made.weights, name), {old_rows.begin(), old_rows.begin() + 24}),
        1e-5);
  }
}

TEST(Projection, LeavesEqualScalesEqual) {
  ModelSpec to = small_spec();
  to.embedding = 5;
  to.layers[0].width = 5;
  const Graph source = build(small_spec()), target = build(to);
  Weights weights = order_one(source);
  std::ranges::fill(weights.find("layers.0.attention_norm.weight")->data, 2.5F);
  const Transferred made = transfer(source, weights, target, {.mode = TransferMode::kProjection});
  EXPECT_THAT(made.weights.find("layers.0.attention_norm.weight")->data,
              Each(FloatNear(2.5F, 1e-5F)));
}

}  // namespace
}  // namespace edgetran::weights
