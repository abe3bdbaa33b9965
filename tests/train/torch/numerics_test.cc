// The interpreter, dropout and the optimiser against oracles.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "encoder/encoder.h"
#include "graph/builder.h"
#include "naive_encoder.h"
#include "toy.h"
#include "train/torch/adamw.h"
#include "train/torch/dropout.h"
#include "train/torch/interpreter.h"
#include "train/torch/objective.h"

namespace edgetran::train::torch_engine {
namespace {

using Ids = std::vector<int64_t>;

struct TestModel {
  space::ModelSpec spec;
  graph::Graph graph;
  weights::Weights weights;
};

TestModel make_model(const space::ModelSpec& spec, encoder::TaskHead head) {
  encoder::BuildOptions options;
  options.head = head;
  options.labels = 3;
  options.mask = head == encoder::TaskHead::kClassifier;
  TestModel model{
      .spec = spec, .graph = encoder::build_encoder(spec, options).value(), .weights = {}};
  model.weights = weights::initialize(model.graph, base::RandomStream(3, "test"),
                                      weights::Initialization::kOrderOne);
  return model;
}

/// Output of this name for rows padded to `length` with the id 0.
at::Tensor run(const TestModel& model, const std::string& output, const std::vector<Ids>& rows,
               int64_t length, const Ids& selected = {}) {
  data::Batch batch;
  batch.rows = static_cast<int64_t>(rows.size());
  batch.length = length;
  for (const Ids& row : rows) {
    for (int64_t t = 0; t < length; ++t) {
      const bool valid = t < static_cast<int64_t>(row.size());
      batch.ids.push_back(valid ? static_cast<int32_t>(row[static_cast<size_t>(t)]) : 0);
      batch.types.push_back(valid ? static_cast<int32_t>(t % 2) : 0);
    }
    batch.lengths.push_back(static_cast<int32_t>(row.size()));
  }
  const at::NoGradGuard no_gradients;
  const Interpreter interpreter(model.graph, {output});
  return interpreter.run(graph_inputs(model.graph, batch, selected),
                         to_tensors(model.weights, false), {})[0];
}

Ids alternating(size_t count) {
  Ids types;
  for (size_t t = 0; t < count; ++t) types.push_back(static_cast<int64_t>(t % 2));
  return types;
}

const Ids kShort = {2, 7, 9, 3};
const Ids kLong = {2, 11, 5, 23, 8, 8, 14, 3};

/// Largest difference of the logits from the formula, over their largest value.
double formula_error(const space::ModelSpec& spec, NaiveEncoder::Mutation mutation) {
  const TestModel model = make_model(spec, encoder::TaskHead::kClassifier);
  const at::Tensor logits = run(model, "logits", {kShort, kLong}, 10);
  const NaiveEncoder naive(model.spec, model.weights, mutation);
  double worst = 0;
  double largest = 0;
  for (const Ids* ids : {&kShort, &kLong}) {
    const auto expected = naive.logits(*ids, alternating(ids->size()));
    for (size_t i = 0; i < expected.size(); ++i) {
      const double seen = logits[ids == &kLong ? 1 : 0][static_cast<int64_t>(i)].item<double>();
      worst = std::max(worst, std::abs(seen - expected[i]));
      largest = std::max(largest, std::abs(expected[i]));
    }
  }
  return worst / largest;
}

TEST(Interpreter, AgreesWithTheFormulaForBothKindsOfPositions) {
  space::ModelSpec spec = toy_spec();
  EXPECT_LT(formula_error(spec, NaiveEncoder::Mutation::kNone), 1e-5);
  spec.position = space::PositionKind::kAbsolute;
  spec.embedding = 12;
  EXPECT_LT(formula_error(spec, NaiveEncoder::Mutation::kNone), 1e-5);
}

TEST(Interpreter, WouldNotAgreeWithAWrongFormula) {
  using Mutation = NaiveEncoder::Mutation;
  for (const Mutation mutation :
       {Mutation::kNoScale, Mutation::kMirroredOffsets, Mutation::kTanhGelu}) {
    EXPECT_GT(formula_error(toy_spec(), mutation), 1e-4) << static_cast<int>(mutation);
  }
}

TEST(Interpreter, LogitsDoNotDependOnPaddingOrCompany) {
  const TestModel model = make_model(toy_spec(), encoder::TaskHead::kClassifier);
  const at::Tensor alone = run(model, "logits", {kShort}, 4)[0];
  const at::Tensor padded = run(model, "logits", {kShort}, 16)[0];
  const at::Tensor together = run(model, "logits", {kLong, kShort}, 9)[1];
  const double scale = alone.abs().max().item<double>();
  EXPECT_LT((alone - padded).abs().max().item<double>() / scale, 1e-5);
  EXPECT_LT((alone - together).abs().max().item<double>() / scale, 1e-5);
}

TEST(Interpreter, MaskedPositionsAloneGiveTheLogitsOfTheFullComputation) {
  const TestModel model = make_model(toy_spec(), encoder::TaskHead::kMaskedLanguageModel);
  const std::vector<Ids> rows = {kLong, {2, 6, 7, 8, 9, 10, 11, 3}};
  Ids everywhere;
  for (int64_t i = 0; i < 16; ++i) everywhere.push_back(i);
  const Ids selected = {1, 6, 9};
  const at::Tensor full = run(model, "mlm_logits", rows, 8, everywhere);
  const at::Tensor some = run(model, "mlm_logits", rows, 8, selected);
  ASSERT_EQ(full.size(0), 16);
  const at::Tensor expected = full.index_select(0, int64_tensor(selected, {3}));
  EXPECT_LT((some - expected).abs().max().item<double>(), 1e-5 * full.abs().max().item<double>());
  const at::Tensor targets = at::tensor({5, 9, 23}, at::kLong);
  EXPECT_NEAR(at::cross_entropy_loss(some, targets).item<double>(),
              at::cross_entropy_loss(expected, targets).item<double>(), 1e-5);
}

TEST(Interpreter, Bf16StaysNearFp32) {
  const TestModel model = make_model(toy_spec(), encoder::TaskHead::kClassifier);
  const at::NoGradGuard no_gradients;
  const Interpreter interpreter(model.graph, {"logits"});
  const std::vector<at::Tensor> inputs = {
      at::arange(8, at::kLong).view({1, 8}), at::zeros({1, 8}, at::kLong), {}};
  const auto parameters = to_tensors(model.weights, false);
  const at::Tensor wide = interpreter.run(inputs, parameters, {})[0];
  const at::Tensor narrow =
      interpreter.run(inputs, parameters, {.precision = Precision::kBf16})[0].to(at::kFloat);
  EXPECT_LT((wide - narrow).abs().max().item<double>(), 0.1 * wide.abs().max().item<double>());
  EXPECT_GT((wide - narrow).abs().max().item<double>(), 0);
}

TEST(Dropout, DropsItsShareAndKeepsTheMean) {
  const at::Tensor x = at::ones({1 << 21}, at::kFloat);
  const at::Tensor y = keyed_dropout(x, 0.3, 17);
  const double zeros = (y == 0).to(at::kDouble).mean().item<double>();
  EXPECT_NEAR(zeros, 0.3, 0.002);  // six standard deviations
  EXPECT_NEAR(y.to(at::kDouble).mean().item<double>(), 1, 0.003);
}

TEST(Dropout, NeighboursFallIndependently) {
  const at::Tensor y = keyed_dropout(at::ones({1 << 20}, at::kFloat), 0.5, 3);
  const at::Tensor kept = (y != 0).to(at::kDouble);
  for (const int64_t lag : {1, 2, 3, 64, 4096}) {
    const int64_t count = kept.numel() - lag;
    const double both =
        (kept.narrow(0, 0, count) * kept.narrow(0, lag, count)).mean().item<double>();
    EXPECT_NEAR(both, 0.25, 0.003) << lag;
  }
}

TEST(Dropout, DependsOnTheKeyOnly) {
  const at::Tensor x = at::ones({3, 1000}, at::kFloat);
  EXPECT_TRUE(at::equal(keyed_dropout(x, 0.5, 1), keyed_dropout(x, 0.5, 1)));
  EXPECT_FALSE(at::equal(keyed_dropout(x, 0.5, 1), keyed_dropout(x, 0.5, 2)));
  const at::Tensor narrow = keyed_dropout(x.to(at::kBFloat16), 0.5, 1).to(at::kFloat);
  EXPECT_TRUE(at::equal(narrow, keyed_dropout(x, 0.5, 1)));
}

TEST(AdamW, FollowsTheFormulaWithClippingAndDecay) {
  graph::Builder builder;
  const auto width = builder.axis("width", 3);
  const auto x = builder.input("x", graph::ElementType::kFloat32, {builder.batch(), width});
  const auto weight = builder.parameter("w", {width, width}, graph::Initializer::kNormal,
                                        graph::ParameterRole::kWeight);
  const auto bias =
      builder.parameter("b", {width}, graph::Initializer::kZeros, graph::ParameterRole::kBias);
  builder.output("y", builder.linear(x, weight, bias));
  const graph::Graph graph = builder.build();
  TrainSettings settings;
  settings.clip_norm = 0.5;
  settings.weight_decay = 0.1;
  settings.epsilon = 1e-6;
  AdamW optimizer(graph,
                  {at::ones({3, 3}).set_requires_grad(true), at::ones({3}).set_requires_grad(true)},
                  settings);
  double expected[2] = {1, 1};
  double first[2] = {}, second[2] = {};
  for (int step = 1; step <= 3; ++step) {
    const double gradients[2] = {0.5 * step, -1.0};
    for (size_t i = 0; i < 2; ++i) {
      at::Tensor parameter = optimizer.parameters()[i];
      parameter.mutable_grad() = at::full_like(parameter.detach(), gradients[i]);
    }
    const double norm =
        std::sqrt(9 * gradients[0] * gradients[0] + 3 * gradients[1] * gradients[1]);
    EXPECT_NEAR(optimizer.step(0.01), norm, 1e-6);
    for (size_t i = 0; i < 2; ++i) {
      const double g = gradients[i] * 0.5 / norm;
      first[i] = 0.9 * first[i] + 0.1 * g;
      second[i] = 0.999 * second[i] + 0.001 * g * g;
      const double m = first[i] / (1 - std::pow(0.9, step));
      const double v = second[i] / (1 - std::pow(0.999, step));
      expected[i] -= 0.01 * ((i == 0 ? 0.1 * expected[i] : 0) + m / (std::sqrt(v) + 1e-6));
      EXPECT_NEAR(optimizer.parameters()[i].detach().max().item<double>(), expected[i], 1e-6);
      EXPECT_NEAR(optimizer.parameters()[i].detach().min().item<double>(), expected[i], 1e-6);
    }
  }
}

TEST(AdamW, LeavesEverythingAloneWhenAGradientIsNotFinite) {
  graph::Builder builder;
  const auto width = builder.axis("width", 2);
  const auto x = builder.input("x", graph::ElementType::kFloat32, {builder.batch(), width});
  const auto bias =
      builder.parameter("b", {width}, graph::Initializer::kZeros, graph::ParameterRole::kBias);
  builder.output("y", builder.add(x, bias));
  const graph::Graph graph = builder.build();
  AdamW optimizer(graph, {at::ones({2}).set_requires_grad(true)}, TrainSettings{});
  at::Tensor parameter = optimizer.parameters()[0];
  parameter.mutable_grad() = at::tensor({1.0F, NAN});
  EXPECT_FALSE(std::isfinite(optimizer.step(0.1)));
  EXPECT_TRUE(at::equal(parameter.detach(), at::ones({2})));
  EXPECT_EQ(optimizer.steps(), 0);
}

}  // namespace
}  // namespace edgetran::train::torch_engine
