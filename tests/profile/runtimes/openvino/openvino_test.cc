#include <gtest/gtest.h>

#include <cstring>

#include "base/files.h"
#include "profile/run_rows.h"
#include "profile/runtimes/openvino/openvino_runtime.h"
#include "profile/session.h"

namespace edgetran::profile::openvino {
namespace {

using base::ErrorCategory;

/// logits[b] = [mean of the row's ids, 1]; ids below 10, symbolic batch and length.
std::string model() {
  return *base::read_file(std::string(EDGETRAN_SOURCE_DIR) +
                          "/tests/profile/runtimes/openvino/fixtures/mean_of_ids.onnx");
}

RunSettings settings(int64_t batch, int64_t length) {
  RunSettings settings;
  settings.batch = batch;
  settings.length = length;
  return settings;
}

std::unique_ptr<Runtime> runtime() { return std::move(*make_factory()->create()); }

Tensor ids(const std::vector<int64_t>& values, std::vector<int64_t> shape) {
  Tensor tensor{{"input_ids", TensorType::kInt64, std::move(shape)}, {}};
  tensor.data.resize(values.size() * sizeof(int64_t));
  std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
  return tensor;
}

TEST(OpenVino, SaysWhatItIs) {
  const RuntimeInfo info = make_factory()->info();
  EXPECT_EQ(info.name, "openvino");
  EXPECT_FALSE(info.modelled);
  ASSERT_TRUE(info.available) << info.reason;
  EXPECT_FALSE(info.version.empty());
  EXPECT_EQ(info.precisions[0], "fp32");
}

TEST(OpenVino, ComputesTheOutputsOfGivenInputs) {
  const auto engine = runtime();
  const auto compiled = engine->load(model(), settings(2, 3));
  ASSERT_TRUE(compiled) << compiled.error().message;
  const auto outputs = run_rows(**compiled, {ids({1, 2, 3, 9, 9, 9, 0, 0, 3, 4, 5, 9}, {4, 3})}, 2,
                                base::CancelToken());
  ASSERT_TRUE(outputs) << outputs.error().message;
  ASSERT_EQ((*outputs)[0].info.name, "logits");
  EXPECT_EQ((*outputs)[0].info.shape, (std::vector<int64_t>{4, 2}));
  std::vector<float> logits(8);
  std::memcpy(logits.data(), (*outputs)[0].data.data(), 32);
  const std::vector<float> expected = {2, 1, 9, 1, 1, 1, 6, 1};
  for (size_t i = 0; i < 8; ++i) EXPECT_NEAR(logits[i], expected[i], 1e-5);
}

TEST(OpenVino, ConvertsToTwoFilesOfItsOwn) {
  const auto engine = runtime();
  const auto files = engine->convert(model());
  ASSERT_TRUE(files) << files.error().message;
  ASSERT_EQ(files->size(), 2U);
  EXPECT_EQ((*files)[0].name, "model.xml");
  EXPECT_NE((*files)[0].bytes.find("\"input_ids\""), std::string::npos);
  EXPECT_EQ((*files)[1].name, "model.bin");
  EXPECT_FALSE((*files)[1].bytes.empty());
  EXPECT_EQ(engine->convert("no model").error().category, ErrorCategory::kCorrupt);
}

TEST(OpenVino, AMeasuredSessionHasSamples) {
  const auto engine = runtime();
  SessionRequest request;
  const std::string bytes = model();
  request.model = bytes;
  request.settings = settings(1, 16);
  request.profile = *find_profile("quick");
  request.profile.limit_s = 0.05;
  request.profile.warm_up_min_s = 0.01;
  request.vocabulary = 10;
  base::NullSink sink;
  const auto result = run_session(*engine, request, {}, {sink, {}, {}, {}, {}});
  ASSERT_TRUE(result) << result.error().message;
  size_t runs = 0;
  for (const Window& window : result->windows) runs += window.seconds.size();
  EXPECT_GE(runs, 6U);
  EXPECT_GT(result->load_s, 0);
  EXPECT_GT(result->memory->peak_rss_bytes, 0U);
}

TEST(OpenVino, BytesThatAreNoModelAreCorrupt) {
  const auto compiled = runtime()->load("no model", settings(1, 1));
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().category, ErrorCategory::kCorrupt);
}

TEST(OpenVino, APrecisionThatTheProcessorLacksIsADeviceError) {
  RunSettings wanted = settings(1, 4);
  wanted.precision = "fp7";
  const auto compiled = runtime()->load(model(), wanted);
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().category, ErrorCategory::kDevice);
}

TEST(OpenVino, InputsAreCheckedByNameAndShape) {
  const auto engine = runtime();
  const auto compiled = std::move(*engine->load(model(), settings(1, 2)));
  EXPECT_EQ(compiled->set_inputs({}).error().category, ErrorCategory::kUsage);
  EXPECT_EQ(compiled->set_inputs({ids({1, 2, 3}, {1, 3})}).error().category, ErrorCategory::kUsage);
  Tensor other = ids({1, 2}, {1, 2});
  other.info.name = "pixels";
  EXPECT_EQ(compiled->set_inputs({ids({1, 2}, {1, 2}), other}).error().category,
            ErrorCategory::kUsage);
  EXPECT_TRUE(compiled->set_inputs({ids({1, 2}, {1, 2})}));
}

}  // namespace
}  // namespace edgetran::profile::openvino
