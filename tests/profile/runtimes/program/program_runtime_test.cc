#include "profile/runtimes/program/program_runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "base/files.h"
#include "places.h"
#include "profile/run_rows.h"
#include "profile/session.h"

namespace edgetran::profile::program {
namespace {

using base::ErrorCategory;
using ::testing::HasSubstr;

const std::string kSource = places::source().string();
const std::string kPython = places::python().string();

std::string fixture(const std::string& name) {
  return *base::read_file(kSource + "/tests/profile/runtimes/openvino/fixtures/" + name + ".onnx");
}

/// logits[b] = [mean of the row's ids, 1]; ids below 10, symbolic batch and length.
std::string model() { return fixture("mean_of_ids"); }

ProgramOptions program(std::string name, std::vector<std::string> command) {
  ProgramOptions options;
  options.name = std::move(name);
  options.command = std::move(command);
  return options;
}

ProgramOptions onnxruntime() {
  return program("onnxruntime", {kPython, kSource + "/adapters/runtimes/onnxruntime_runtime.py"});
}

/// A program of Python that speaks the protocol; `body` defines its verbs.
ProgramOptions python(const std::string& body) {
  return program("scripted", {kPython, "-c",
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

TEST(OnnxRuntime, SaysWithWhichSettingsItRuns) {
  const auto engine = create(onnxruntime());
  RunSettings two = settings(1, 3);
  two.threads = 2;
  const auto compiled = engine->load(model(), two);
  ASSERT_TRUE(compiled) << compiled.error().message;
  const base::Json in_effect = (*compiled)->settings_in_effect();
  EXPECT_EQ(in_effect.at("provider"), "CPUExecutionProvider");
  EXPECT_EQ(in_effect.at("intra_op_threads"), 2);
  EXPECT_EQ(in_effect.at("inter_op_threads"), 1);
}

TEST(OnnxRuntime, HasNoOtherDeviceThanTheCpu) {
  RunSettings wanted = settings(1, 3);
  wanted.accelerator = "GPU";
  const auto refused = create(onnxruntime())->load(model(), wanted);
  EXPECT_EQ(refused.error().category, ErrorCategory::kDevice);
  EXPECT_THAT(refused.error().message, HasSubstr("it finds CPU"));
}

TEST(OnnxRuntime, AnOperatorThatIsNotImplementedIsNamedWithItsNode) {
  const auto refused = create(onnxruntime())->load(fixture("custom_operator"), settings(1, 4));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().category, ErrorCategory::kFailed);
  EXPECT_EQ(
      refused.error().message,
      "ONNX Runtime has no implementation of the operator my.ops.Warp (node \"layers.0/warp\")");
}

TEST(OnnxRuntime, ShapesThatDoNotFitInsideTheModelNameTheOperator) {
  const auto engine = create(onnxruntime());
  EXPECT_TRUE(engine->load(fixture("only_length_7"), settings(1, 7)));
  const auto refused = engine->load(fixture("only_length_7"), settings(1, 4));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().category, ErrorCategory::kUsage);
  EXPECT_THAT(refused.error().message, HasSubstr("operator MatMul (node \"project\")"));
}

TEST(OnnxRuntime, AFewBytesThatAskForMoreThanThereIsAreAResourceError) {
  // The shell's limit holds for the program, as an agent's own does for its programs.
  ProgramOptions limited = onnxruntime();
  limited.command = {"/bin/sh", "-c", "ulimit -v 4000000; exec \"$0\" \"$1\"", limited.command[0],
                     limited.command[1]};
  const auto engine = create(limited);
  const auto compiled = engine->load(fixture("huge_expand"), settings(1, 4));
  base::Status status = compiled ? (*compiled)->set_inputs({ids({1, 2, 3, 4}, {1, 4})})
                                 : base::Status(base::fail(compiled.error()));
  if (status) status = (*compiled)->run();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().category, ErrorCategory::kResource) << status.error().message;
  EXPECT_TRUE(engine->load(model(), settings(1, 3))) << "the program lives";
}

TEST(OnnxRuntime, AModelThatNamesAFileOfTheMachineIsRefused) {
  EXPECT_FALSE(create(onnxruntime())->load(fixture("other_file"), settings(1, 4)));
}

TEST(ProgramRuntime, SaysItsFormatsAndPrecisionsOfEachDevice) {
  const RuntimeInfo info =
      make_factory(
          python("verbs = {'describe': lambda call: {'version': '1', 'devices': ['CPU', 'X'],\n"
                 "  'precisions': ['fp32', 'fp16'], 'device_precisions': {'X': ['fp16']},\n"
                 "  'formats': ['edgetran', 'onnx'], 'of_a_newer_version': 1}}"))
          ->info();
  ASSERT_TRUE(info.available) << info.reason;
  EXPECT_EQ(info.formats, (std::vector<std::string>{"edgetran", "onnx"}));
  EXPECT_EQ(info.device_precisions.at("X"), std::vector<std::string>{"fp16"});
}

TEST(ProgramRuntime, ThatSaysNoFormatTakesOnnx) {
  const RuntimeInfo info =
      make_factory(python("verbs = {'describe': lambda call: {'version': '1', 'devices': ['CPU'],\n"
                          "  'precisions': ['fp32']}}"))
          ->info();
  EXPECT_EQ(info.formats, std::vector<std::string>{"onnx"});
}

TEST(ProgramRuntime, TimesMayComeAsABlob) {
  const auto engine = create(
      python("import struct\nverbs = {'load': lambda call: {'inputs': []},\n"
             "  'run': lambda call: ({'peak_memory_bytes': 5}, struct.pack('<2d', 0.25, 7.5))}"));
  const auto compiled = engine->load("model", settings(1, 3));
  ASSERT_TRUE(compiled);
  base::SystemClock clock;
  EXPECT_EQ((*compiled)->run_until({}, clock, base::CancelToken()).value(),
            (std::vector<double>{0.25, 7.5}));
  EXPECT_EQ((*compiled)->peak_memory_bytes(), 5U);
}

TEST(ProgramRuntime, ABlobOfNoTimesIsADeviceError) {
  for (const char* blob : {"b'1234567'", "struct.pack('<d', -1)", "struct.pack('<d', float('nan'))",
                           "struct.pack('<d', float('inf'))"}) {
    const auto engine = create(python(std::string("import struct\nverbs = {'load': lambda call: "
                                                  "{'inputs': []},\n 'run': lambda call: "
                                                  "({'peak_memory_bytes': 5}, ") +
                                      blob + ")}"));
    const auto compiled = engine->load("model", settings(1, 3));
    ASSERT_TRUE(compiled);
    EXPECT_EQ((*compiled)->run().error().category, ErrorCategory::kDevice) << blob;
  }
}

// A program that knows one device only may not look at the field, and would run there in silence.
TEST(ProgramRuntime, IsNotAskedForADeviceThatItDoesNotName) {
  const auto engine = create(
      python("verbs = {'describe': lambda call: {'version': '1', 'devices': ['CPU', 'GPU.0'],\n"
             "  'precisions': ['fp32']}, 'load': lambda call: {'inputs': []}}"));
  RunSettings wanted = settings(1, 3);
  wanted.accelerator = "NPU";
  const auto refused = engine->load("model", wanted);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().category, ErrorCategory::kDevice);
  EXPECT_THAT(refused.error().message, HasSubstr("it finds CPU, GPU.0"));
  wanted.accelerator = "GPU";
  EXPECT_TRUE(engine->load("model", wanted));
}

TEST(ProgramRuntime, APlainNameIsLookedForBesideTheAgentFirst) {
  const auto folder = base::TemporaryFolder::create("beside");
  ASSERT_TRUE(folder);
  const auto program = folder->path() / "my-runtime";
  EXPECT_EQ(find_beside("my-runtime", folder->path()), "my-runtime");
  ASSERT_TRUE(base::write_file_atomic(program, "#!/bin/sh\n"));
  EXPECT_EQ(find_beside("my-runtime", folder->path()), "my-runtime");  // no program yet
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  EXPECT_EQ(find_beside("my-runtime", folder->path()), program.string());
  EXPECT_EQ(find_beside("./my-runtime", folder->path()), "./my-runtime");
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
