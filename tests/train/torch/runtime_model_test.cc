// The worker as a runtime: what its tests in Python (tests/profile/runtimes/libtorch) cannot see.

#include "train/torch/runtime_model.h"

#include <gtest/gtest.h>

#include <cstring>

#include "encoder/encoder.h"
#include "weights/safetensors.h"

namespace edgetran::train::torch_engine {
namespace {

/// A clock that is a second further each time it is read.
class TickingClock final : public base::Clock {
 public:
  double now_s() const override { return now_s_++; }
  double unix_time_s() const override { return 0; }
  void sleep_until(double) override {}

 private:
  mutable double now_s_ = 0;
};

weights::PackedModel toy() {
  weights::PackedModel model;
  model.info.spec.vocabulary = 20;
  model.info.spec.positions = 8;
  model.info.spec.embedding = 16;
  model.info.spec.types = 2;
  model.info.spec.layers = {
      {.width = 16, .head_width = 8, .heads = {"sa_sdp", "sa_wma"}, .feed_forward = {24}}};
  model.info.labels = 3;
  model.graph = encoder::build_encoder(model.info.spec, weights::build_options(model.info)).value();
  model.weights = weights::initialize(model.graph, {1, "w"}, weights::Initialization::kTraining);
  return model;
}

std::unique_ptr<RuntimeModel> loaded() {
  const auto model = toy();
  RuntimeSettings settings;
  settings.length = 4;
  auto result =
      RuntimeModel::load(weights::pack_model(model.info, model.graph, model.weights), settings);
  EXPECT_TRUE(result) << result.error().message;
  const std::vector<int64_t> ids = {3, 1, 4, 1}, types = {0, 0, 1, 1};
  EXPECT_TRUE((*result)->set_inputs(weights::encode_safetensors(std::vector<weights::TensorSource>{
      {"input_ids", {1, 4}, std::span<const int64_t>(ids)},
      {"token_type_ids", {1, 4}, std::span<const int64_t>(types)}})));
  return std::move(*result);
}

size_t runs_of(const RuntimeGoal& goal) {
  const auto seconds = loaded()->run(goal, TickingClock(), {});
  EXPECT_TRUE(seconds) << seconds.error().message;
  for (const double s : *seconds) EXPECT_EQ(s, 1);  // read before and after, and at no other time
  return seconds->size();
}

TEST(RuntimeModel, RunsUntilThereWereRunsAndSecondsOrTheLimit) {
  EXPECT_EQ(runs_of({.runs = 1, .seconds = 0, .limit_s = 0, .least_runs = 1}), 1U);
  EXPECT_EQ(runs_of({.runs = 5, .seconds = 0, .limit_s = 0, .least_runs = 1}), 5U);
  // The n-th run ends 2n seconds after the beginning.
  EXPECT_EQ(runs_of({.runs = 1, .seconds = 7, .limit_s = 0, .least_runs = 1}), 4U);
  EXPECT_EQ(runs_of({.runs = 100, .seconds = 0, .limit_s = 6, .least_runs = 1}), 3U);
  EXPECT_EQ(runs_of({.runs = 100, .seconds = 0, .limit_s = 6, .least_runs = 9}), 9U);
}

TEST(RuntimeModel, ACancelledRunIsInterrupted) {
  base::CancelToken cancel;
  cancel.request();
  const auto seconds = loaded()->run({}, TickingClock(), cancel);
  ASSERT_FALSE(seconds);
  EXPECT_EQ(seconds.error().category, base::ErrorCategory::kInterrupted);
}

TEST(RuntimeModel, LinearWeightsAreConvertedOnceForBf16AndNothingElse) {
  const auto model = toy();
  const auto parameters =
      inference_parameters(model.graph, model.weights, at::kCPU, Precision::kBf16);
  size_t narrow = 0;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const std::string& name = model.graph.parameters()[i].name;
    const bool is_narrow = parameters[i].scalar_type() == at::kBFloat16;
    narrow += is_narrow ? 1 : 0;
    if (is_narrow) {
      EXPECT_EQ(parameters[i].dim(), 2) << name;
    }
    EXPECT_FALSE(is_narrow && name.find("embeddings") == 0 &&
                 name.find("projection") == std::string::npos)
        << name;
  }
  EXPECT_GT(narrow, 3U);
}

TEST(RuntimeModel, Bf16GivesTheLogitsToItsPrecision) {
  const auto model = toy();
  const Interpreter interpreter(model.graph, {"logits"});
  const std::vector<at::Tensor> inputs = {at::tensor({3, 1, 4, 1}, at::kLong).view({1, 4}),
                                          at::zeros({1, 4}, at::kLong)};
  const c10::InferenceMode inference;
  at::Tensor logits[2];
  for (const Precision precision : {Precision::kFp32, Precision::kBf16}) {
    const auto parameters = inference_parameters(model.graph, model.weights, at::kCPU, precision);
    logits[precision == Precision::kBf16] =
        interpreter.run(inputs, parameters, {.precision = precision})[0].to(at::kFloat);
  }
  const double scale = logits[0].abs().max().item<double>();
  EXPECT_GT(scale, 0);
  // Eight bits of a mantissa, over a few layers.
  EXPECT_LT((logits[0] - logits[1]).abs().max().item<double>(), 0.05 * scale);
}

}  // namespace
}  // namespace edgetran::train::torch_engine
