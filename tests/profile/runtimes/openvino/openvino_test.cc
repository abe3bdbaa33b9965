#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "base/files.h"
#include "places.h"
#include "profile/host.h"
#include "profile/run_rows.h"
#include "profile/runtimes/openvino/openvino_runtime.h"
#include "profile/session.h"

namespace edgetran::profile::openvino {
namespace {

using base::ErrorCategory;
using ::testing::HasSubstr;
using ::testing::Not;

std::string fixture(const std::string& name) {
  return *base::read_file(places::source().string() + "/tests/profile/runtimes/openvino/fixtures/" +
                          name + ".onnx");
}

/// logits[b] = [mean of the row's ids, 1]; ids below 10, symbolic batch and length.
std::string model() { return fixture("mean_of_ids"); }

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
  ASSERT_FALSE(info.devices.empty());
  for (const std::string& device : info.devices) {
    EXPECT_FALSE(info.device_precisions.at(device).empty()) << device;
  }
  EXPECT_EQ(info.formats, std::vector<std::string>{"onnx"});
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

TEST(OpenVino, SaysWithWhichSettingsItRuns) {
  const auto engine = runtime();
  RunSettings wanted = settings(1, 4);
  for (const int64_t threads : {int64_t{1}, read_host()->cores}) {
    wanted.threads = threads;
    const auto compiled = engine->load(model(), wanted);
    ASSERT_TRUE(compiled) << compiled.error().message;
    const base::Json in_effect = (*compiled)->settings_in_effect();
    EXPECT_EQ(in_effect.at("device"), "CPU");
    EXPECT_FALSE(in_effect.at("full_name").get<std::string>().empty());
    EXPECT_EQ(in_effect.at("inference_precision"), "f32");
    EXPECT_EQ(in_effect.at("threads"), threads);
    EXPECT_EQ(in_effect.at("streams"), 1);
    EXPECT_EQ(in_effect.at("performance_mode"), "LATENCY");
  }
}

// OpenVINO would run with what there is, in silence.
TEST(OpenVino, MoreThreadsThanCoresIsADeviceErrorAndNotFewerThreads) {
  RunSettings wanted = settings(1, 4);
  wanted.threads = 1000;
  const auto compiled = runtime()->load(model(), wanted);
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().category, ErrorCategory::kDevice);
  EXPECT_THAT(compiled.error().message, HasSubstr("and not 1000"));
}

TEST(OpenVino, AnAcceleratorThatIsNotThereIsADeviceErrorThatNamesWhatIs) {
  RunSettings wanted = settings(1, 4);
  for (const char* name : {"TPU", "GPU.77", "", "C", "cpu"}) {
    wanted.accelerator = name;
    const auto compiled = runtime()->load(model(), wanted);
    ASSERT_FALSE(compiled) << name;
    EXPECT_EQ(compiled.error().category, ErrorCategory::kDevice);
    EXPECT_THAT(compiled.error().message, HasSubstr("it finds CPU (")) << name;
  }
}

TEST(OpenVino, AnOperatorThatIsNotImplementedIsNamedWithItsNode) {
  const auto custom = runtime()->load(fixture("custom_operator"), settings(1, 4));
  ASSERT_FALSE(custom);
  EXPECT_EQ(custom.error().category, ErrorCategory::kFailed);
  EXPECT_EQ(custom.error().message,
            "OpenVINO has no implementation of the operator my.ops.Warp (node \"layers.0/warp\")");
  const auto standard = runtime()->load(fixture("missing_operator"), settings(1, 4));
  ASSERT_FALSE(standard);
  EXPECT_EQ(standard.error().category, ErrorCategory::kFailed);
  EXPECT_EQ(standard.error().message,
            "OpenVINO has no implementation of the operator Det (node \"inner/det\")");
}

TEST(OpenVino, ShapesThatDoNotFitInsideTheModelNameTheOperator) {
  EXPECT_TRUE(runtime()->load(fixture("only_length_7"), settings(1, 7)));
  const auto compiled = runtime()->load(fixture("only_length_7"), settings(1, 4));
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().category, ErrorCategory::kUsage);
  EXPECT_THAT(compiled.error().message, HasSubstr("the operator MatMul (node \"project\")"));
  EXPECT_THAT(compiled.error().message, HasSubstr("dimension=4"));
  EXPECT_THAT(compiled.error().message, Not(HasSubstr(".cpp")));
  EXPECT_THAT(compiled.error().message, Not(HasSubstr(".hpp")));
}

TEST(OpenVino, AFewBytesThatAskForTerabytesAreAResourceError) {
  for (const char* name : {"huge_constant", "huge_expand", "uncountable"}) {
    const auto compiled = runtime()->load(fixture(name), settings(1, 4));
    ASSERT_FALSE(compiled) << name;
    EXPECT_EQ(compiled.error().category, ErrorCategory::kResource) << compiled.error().message;
    EXPECT_THAT(compiled.error().message, HasSubstr("can be used here")) << name;
  }
}

TEST(OpenVino, AModelThatNamesAFileOfTheMachineIsRefused) {
  const auto compiled = runtime()->load(fixture("other_file"), settings(1, 4));
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().category, ErrorCategory::kUsage);
  EXPECT_EQ(runtime()->convert(fixture("other_file")).error().category, ErrorCategory::kUsage);
}

/// Loads and runs the fixture with an address space that may grow by `more_bytes`, and ends this
/// process: with the category of the error, or 200 for none.
[[noreturn]] void exit_under_limit(const std::string& name, uint64_t more_bytes) {
  const auto engine = runtime();
  uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const rlim_t limit = pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)) + more_bytes;
  const rlimit limits{limit, limit};
  ::setrlimit(RLIMIT_AS, &limits);
  const auto compiled = engine->load(fixture(name), settings(1, 4));
  const base::Status status =
      compiled ? (*compiled)->run() : base::Status(base::fail(compiled.error()));
  ::_exit(status ? 200 : static_cast<int>(status.error().category));
}

TEST(OpenVinoDeathTest, RunningOutOfMemoryIsAResourceErrorAndNoCrash) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // a forked copy has none of the engine's threads
  EXPECT_EXIT(exit_under_limit("many_tensors", uint64_t{200} << 20),
              ::testing::ExitedWithCode(static_cast<int>(ErrorCategory::kResource)), "");
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
