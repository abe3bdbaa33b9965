#include "profile/runtimes/program/program_runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/files.h"
#include "profile/run_rows.h"
#include "profile/session.h"

namespace edgetran::profile::program {
namespace {

using base::ErrorCategory;
using ::testing::HasSubstr;

const std::string kSource = EDGETRAN_SOURCE_DIR;

/// logits[b] = [mean of the row's ids, 1]; ids below 10, symbolic batch and length.
std::string model() {
  return *base::read_file(kSource + "/tests/profile/runtimes/openvino/fixtures/mean_of_ids.onnx");
}

ProgramOptions program(std::string name, std::vector<std::string> command) {
  ProgramOptions options;
  options.name = std::move(name);
  options.command = std::move(command);
  return options;
}

ProgramOptions onnxruntime() {
  return program("onnxruntime",
                 {EDGETRAN_PYTHON, kSource + "/adapters/runtimes/onnxruntime_runtime.py"});
}

/// A program of Python that speaks the protocol; `body` defines its verbs.
ProgramOptions python(const std::string& body) {
  return program("scripted", {EDGETRAN_PYTHON, "-c",
                              "import sys, os\nsys.path.insert(0, '" + kSource +
                                  "/adapters/python')\nfrom edgetran_wire import Service, error\n" +
                                  body + "\nService('runtime', verbs).serve_stdio()\n"});
}

RunSettings settings(int64_t batch, int64_t length) {
  RunSettings settings;
  settings.batch = batch;
  settings.length = length;
  return settings;
}

Tensor ids(const std::vector<int64_t>& values, std::vector<int64_t> shape) {
  Tensor tensor{{"input_ids", TensorType::kInt64, std::move(shape)}, {}};
  tensor.data.resize(values.size() * sizeof(int64_t));
  std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
  return tensor;
}

std::unique_ptr<Runtime> create(const ProgramOptions& options) {
  auto runtime = make_factory(options)->create();
  EXPECT_TRUE(runtime) << runtime.error().message;
  return std::move(*runtime);
}

TEST(OnnxRuntime, SaysWhatItIs) {
  const RuntimeInfo info = make_factory(onnxruntime())->info();
  EXPECT_EQ(info.name, "onnxruntime");
  ASSERT_TRUE(info.available) << info.reason;
  EXPECT_FALSE(info.version.empty());
  EXPECT_FALSE(info.modelled);
  EXPECT_EQ(info.precisions, std::vector<std::string>{"fp32"});
}

TEST(OnnxRuntime, ComputesTheOutputsOfGivenInputs) {
  const auto engine = create(onnxruntime());
  const auto compiled = engine->load(model(), settings(2, 3));
  ASSERT_TRUE(compiled) << compiled.error().message;
  const auto outputs = run_rows(**compiled, {ids({1, 2, 3, 9, 9, 9, 0, 0, 3, 4, 5, 9}, {4, 3})}, 2,
                                base::CancelToken());
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_EQ((*outputs)[0].info.shape, (std::vector<int64_t>{4, 2}));
  std::vector<float> logits(8);
  std::memcpy(logits.data(), (*outputs)[0].data.data(), 32);
  const std::vector<float> expected = {2, 1, 9, 1, 1, 1, 6, 1};
  for (size_t i = 0; i < 8; ++i) EXPECT_NEAR(logits[i], expected[i], 1e-5);
}

TEST(OnnxRuntime, AMeasuredSessionHasSamples) {
  const auto engine = create(onnxruntime());
  const std::string bytes = model();
  SessionRequest request;
  request.model = bytes;
  request.settings = settings(1, 16);
  request.profile = *find_profile("quick");
  request.profile.limit_s = 0.2;
  request.vocabulary = 10;
  base::NullSink events;
  const auto result = run_session(*engine, request, {}, {events, {}, {}, {}, {}});
  ASSERT_TRUE(result) << result.error().message;
  size_t runs = 0;
  for (const Window& window : result->windows) {
    for (const double seconds : window.seconds) EXPECT_GT(seconds, 0);
    runs += window.seconds.size();
  }
  EXPECT_GE(runs, 6U);
  EXPECT_GT(result->memory->peak_rss_bytes, 10'000'000U);  // Python with NumPy, at the least
}

TEST(OnnxRuntime, RefusesWhatItCannotRun) {
  const auto engine = create(onnxruntime());
  EXPECT_EQ(engine->load("no model", settings(1, 3)).error().category, ErrorCategory::kCorrupt);
  RunSettings bf16 = settings(1, 3);
  bf16.precision = "bf16";
  const auto refused = engine->load(model(), bf16);
  EXPECT_EQ(refused.error().category, ErrorCategory::kDevice);
  EXPECT_THAT(refused.error().message, HasSubstr("bf16"));
  const auto compiled = engine->load(model(), settings(1, 3));
  ASSERT_TRUE(compiled);
  EXPECT_EQ((*compiled)->run().error().category, ErrorCategory::kUsage);  // no inputs yet
  EXPECT_EQ((*compiled)->set_inputs({ids({1, 2}, {1, 2})}).error().category, ErrorCategory::kUsage);
  ASSERT_TRUE((*compiled)->set_inputs({ids({1, 2, 3}, {1, 3})}));
  EXPECT_TRUE((*compiled)->run());
}

TEST(ProgramRuntime, ThatCannotBeStartedIsUnavailable) {
  const auto factory = make_factory(program("none", {"edgetran-no-such-program"}));
  EXPECT_FALSE(factory->info().available);
  EXPECT_THAT(factory->info().reason, HasSubstr("edgetran-no-such-program"));
  EXPECT_EQ(factory->create().error().category, ErrorCategory::kDevice);
}

TEST(ProgramRuntime, ThatSpeaksSomethingElseIsUnavailable) {
  const auto factory = make_factory(program("echo", {"echo", "hello"}));
  EXPECT_FALSE(factory->info().available);
  EXPECT_THAT(factory->info().reason, HasSubstr("echo"));
}

TEST(ProgramRuntime, ThatDiesInARunIsADeviceError) {
  const auto engine = create(
      python("verbs = {'load': lambda call: {'inputs': []}, 'run': lambda call: os._exit(7)}"));
  const auto compiled = engine->load("model", settings(1, 3));
  ASSERT_TRUE(compiled) << compiled.error().message;
  const auto status = (*compiled)->run();
  EXPECT_EQ(status.error().category, ErrorCategory::kDevice);
  EXPECT_THAT(status.error().message, HasSubstr("exited with code 7"));
}

TEST(ProgramRuntime, ThatAnswersWronglyIsADeviceError) {
  const auto engine =
      create(python("verbs = {'load': lambda call: {'inputs': []},\n"
                    "         'run': lambda call: {'seconds': [-1], 'peak_memory_bytes': 1}}"));
  const auto compiled = engine->load("model", settings(1, 3));
  ASSERT_TRUE(compiled);
  EXPECT_EQ((*compiled)->run().error().category, ErrorCategory::kDevice);
}

TEST(ProgramRuntime, TimesItsRunsItself) {
  const auto engine = create(
      python("verbs = {'load': lambda call: {'inputs': []},\n"
             "         'run': lambda call: {'seconds': [0.25, 7.5], 'peak_memory_bytes': 12}}"));
  const auto compiled = engine->load("model", settings(1, 3));
  ASSERT_TRUE(compiled);
  base::SystemClock clock;
  const auto runs = (*compiled)->run_until({}, clock, base::CancelToken());
  ASSERT_TRUE(runs) << runs.error().message;
  EXPECT_EQ(*runs, (std::vector<double>{0.25, 7.5}));
  EXPECT_EQ((*compiled)->peak_memory_bytes(), 12U);
}

TEST(ProgramRuntime, PassesRefusalsOn) {
  const auto engine =
      create(python("def load(call): raise error('infeasible', 'too large', 'prune it')\n"
                    "verbs = {'load': load}"));
  const auto refused = engine->load("model", settings(1, 3));
  EXPECT_EQ(refused.error().category, ErrorCategory::kInfeasible);
  EXPECT_EQ(refused.error().message, "too large");
  EXPECT_EQ(refused.error().hint, "prune it");
}

TEST(ProgramRuntime, IsCancelledInARun) {
  const auto engine =
      create(python("def run(call):\n"
                    "  while not call.cancelled: pass\n"
                    "  raise error('interrupted', 'stopped')\n"
                    "verbs = {'load': lambda call: {'inputs': []}, 'run': run}"));
  const auto compiled = engine->load("model", settings(1, 3));
  ASSERT_TRUE(compiled);
  base::CancelToken cancel;
  cancel.request();
  base::SystemClock clock;
  const auto runs = (*compiled)->run_until({}, clock, cancel);
  EXPECT_EQ(runs.error().category, ErrorCategory::kInterrupted);
}

TEST(ReadProgram, SplitsWordsAndKeepsQuotes) {
  const auto options = read_program("my-runtime=python3  'a b.py' --x=\"it's\" ''");
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->name, "my-runtime");
  EXPECT_EQ(options->command, (std::vector<std::string>{"python3", "a b.py", "--x=it's", ""}));
}

TEST(ReadProgram, RefusesWhatIsNone) {
  for (const char* text : {"", "=python3", "name", "name=", "name=  ", "Na me=x", "a='b"})
    EXPECT_EQ(read_program(text).error().category, ErrorCategory::kUsage) << text;
}

}  // namespace
}  // namespace edgetran::profile::program
