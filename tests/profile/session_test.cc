#include "profile/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "profile/fake_runtime.h"
#include "profile/latency_summary.h"
#include "profile/median_interval.h"
#include "profile/run_rows.h"
#include "profile/runtimes/simulated/simulated_runtime.h"
#include "profile/steady.h"

namespace edgetran::profile {
namespace {

using testing::FakeRuntime;

bool has(const std::vector<std::string>& flags, const std::string& flag) {
  return std::find(flags.begin(), flags.end(), flag) != flags.end();
}

SessionRequest quick(RunSettings settings = {}) {
  SessionRequest request;
  request.settings = std::move(settings);
  request.profile = *find_profile("quick");
  request.vocabulary = 100;
  request.seed = 1;
  return request;
}

struct Measured {
  Segment segment;
  LatencySummary summary;
};

Recording recording_of(Segment segment) {
  Recording recording;
  recording.header.profile = *find_profile("quick");
  recording.segments.push_back(std::move(segment));
  return recording;
}

Measured measure(Runtime& runtime, const RunSettings& settings = {}) {
  base::NullSink sink;
  auto result = run_session(runtime, quick(settings), {}, {sink, {}, {}, {}, {}});
  EXPECT_TRUE(result) << result.error().message;
  auto summary = summarise_latency(recording_of(*result));
  return {std::move(*result), std::move(summary)};
}

/// Noise that depends on the index alone.
double noisy(int i, double share) {
  auto stream = base::RandomStream(9, "test.noise").derive("run", static_cast<uint64_t>(i));
  return std::exp(share * stream.normal());
}

TEST(Quick, SteadyRunsAreMeasuredInFiveWindows) {
  FakeRuntime runtime([](int i) { return 0.01 * noisy(i, 0.01); });
  const Measured measured = measure(runtime);
  const Segment& samples = measured.segment;
  EXPECT_DOUBLE_EQ(samples.load_s, 0.5);
  EXPECT_EQ(samples.windows.size(), 5U);
  for (const Window& window : samples.windows) {
    EXPECT_GE(window.seconds.size(), 20U);
    EXPECT_GE(std::accumulate(window.seconds.begin(), window.seconds.end(), 0.0), 0.2 - 1e-9);
  }
  EXPECT_TRUE(measured.summary.flags.empty());
  EXPECT_NEAR(measured.summary.latency["median_s"].get<double>(), 0.01, 1e-4);
}

TEST(Quick, WarmUpHasFiveRunsAndAFifthOfASecond) {
  FakeRuntime fast([](int) { return 0.001; });
  const auto warm_up = measure(fast).segment.warm_up;
  EXPECT_GE(warm_up.size(), 200U);
  EXPECT_LE(warm_up.size(), 201U);
  FakeRuntime slow([](int) { return 0.1; });
  EXPECT_GE(measure(slow).segment.warm_up.size(), 5U);
}

TEST(Quick, TheFirstRunIsKeptApart) {
  FakeRuntime runtime([](int i) { return i == 0 ? 0.3 : 0.01; });
  const Measured measured = measure(runtime);
  EXPECT_NEAR(measured.segment.first_s, 0.3, 1e-12);
  EXPECT_NEAR(measured.summary.latency["median_s"].get<double>(), 0.01, 1e-9);
}

TEST(Quick, WarmUpGoesOnWhileTimesStillFall) {
  FakeRuntime runtime([](int i) { return 0.01 * (1 + std::exp(-i / 15.0)); });
  const Measured measured = measure(runtime);
  EXPECT_GT(measured.segment.warm_up.size(), 40U);
  EXPECT_FALSE(has(measured.summary.flags, "NOT_STEADY"));
}

TEST(Quick, ARampIsNotSteady) {
  FakeRuntime runtime([](int i) { return 0.01 * (1 + i * 0.002); });
  EXPECT_TRUE(has(measure(runtime).summary.flags, "NOT_STEADY"));
}

TEST(Quick, AStepInsideTheWindowsIsNotSteady) {
  FakeRuntime runtime([](int i) { return (i < 80 ? 0.01 : 0.013) * noisy(i, 0.01); });
  EXPECT_TRUE(has(measure(runtime).summary.flags, "NOT_STEADY"));
}

TEST(Quick, NoiseIsMeasuredLongerUntilTheIntervalIsNarrow) {
  FakeRuntime calm([](int i) { return 0.005 * noisy(i, 0.02); });
  FakeRuntime wild([](int i) { return 0.005 * noisy(i, 0.4); });
  const Measured few = measure(calm);
  const Measured many = measure(wild);
  EXPECT_GT(many.segment.windows.size(), few.segment.windows.size());
  const bool narrow = many.summary.latency["half_width"].get<double>() <= 0.03;
  EXPECT_EQ(has(many.summary.flags, "UNCONVERGED"), !narrow);
}

TEST(Quick, TimeIsLimitedBeyondLoading) {
  FakeRuntime runtime([](int i) { return 0.02 * noisy(i, 1.5); }, 60);
  const Measured measured = measure(runtime);
  EXPECT_TRUE(has(measured.summary.flags, "UNCONVERGED"));
  const double beyond_loading_s = runtime.manual_clock().now_s() - 60;
  const double limit_s = find_profile("quick").value().limit_s;
  EXPECT_LT(limit_s, 3);  // room for export and log
  EXPECT_GE(beyond_loading_s, limit_s);
  EXPECT_LE(beyond_loading_s, limit_s + 1.5);  // the run that passes the limit is finished
}

TEST(Quick, AVerySlowModelStillGetsAnInterval) {
  FakeRuntime runtime([](int) { return 4.0; });
  const Measured measured = measure(runtime);
  EXPECT_EQ(measured.summary.latency["n"], kMinimumForInterval);
  EXPECT_FALSE(measured.summary.latency["low_s"].is_null());
  EXPECT_TRUE(has(measured.summary.flags, "UNCONVERGED"));
  EXPECT_TRUE(measured.summary.latency["p90_s"].is_null());
  EXPECT_EQ(measured.summary.latency["p90_reason"], "n too small");
}

TEST(Quick, OutliersAreCountedAndKept) {
  FakeRuntime runtime([](int i) { return i % 50 == 49 ? 0.1 : 0.01 * noisy(i, 0.01); });
  const Measured measured = measure(runtime);
  const auto all = recording_of(measured.segment).measured();
  const auto slow = std::count_if(all.begin(), all.end(), [](double s) { return s > 0.05; });
  EXPECT_GT(slow, 0);
  EXPECT_EQ(measured.summary.latency["outliers"], slow);
  EXPECT_EQ(measured.summary.latency["n"], all.size());
}

TEST(Session, AFailureOfTheEngineIsPassedOn) {
  FakeRuntime runtime([](int) { return 0.01; });
  runtime.fail_at = 50;
  base::NullSink sink;
  const auto result = run_session(runtime, quick(), {}, {sink, {}, {}, {}, {}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "the engine failed");
}

TEST(Session, CancelEndsItBetweenRuns) {
  base::CancelToken cancel;
  FakeRuntime runtime([&](int i) {
    if (i == 30) cancel.request();
    return 0.01;
  });
  base::NullSink sink;
  const auto result = run_session(runtime, quick(), {}, {sink, cancel, {}, {}, {}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().category, base::ErrorCategory::kInterrupted);
  EXPECT_EQ(runtime.runs(), 31);
}

TEST(Session, ALostLeaseEndsItAndKeepsWhatIsThere) {
  FakeRuntime runtime([](int) { return 0.01; });
  base::NullSink sink;
  int asked = 0;
  const auto result =
      run_session(runtime, quick(), {}, {sink, {}, [&] { return ++asked < 3; }, {}, {}});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->lease_lost);
  EXPECT_EQ(result->windows.size(), 2U);
}

TEST(Simulated, SameSeedGivesTheSameSamplesAndAnotherSeedOthers) {
  const auto run = [](uint64_t seed) {
    RunSettings settings;
    settings.law = SimulatedLaw{0.004, 0.05, 0.1, 77, seed};
    const auto runtime = simulated::make_factory()->create();
    base::NullSink sink;
    std::string text;
    const auto segment = run_session(**runtime, quick(settings), {},
                                     {.events = sink,
                                      .cancel = {},
                                      .lease_holds = {},
                                      .raw = [&](std::string_view lines) { text += lines; },
                                      .thermal = {}});
    EXPECT_TRUE(segment) << segment.error().message;
    EXPECT_EQ(segment->memory->peak_rss_bytes, 77U);
    return text;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(Simulated, TheMeanOfManyRunsIsTheLaws) {
  RunSettings settings;
  settings.law = SimulatedLaw{0.002, 0.3, 0, 0, 5};
  const auto runtime = std::move(*simulated::make_factory()->create());
  const auto model = std::move(*runtime->load("", settings));
  const double start_s = runtime->clock().now_s();
  for (int i = 0; i < 4000; ++i) ASSERT_TRUE(model->run());
  // Standard error 0.3 / sqrt(4000) = 0.5 %; four of them.
  EXPECT_NEAR((runtime->clock().now_s() - start_s) / 4000, 0.002, 0.002 * 0.02);
}

TEST(Simulated, TheFastestLawIsMeasuredInBoundedWork) {
  RunSettings settings;
  settings.law = SimulatedLaw{1e-4, 1, 0, 0, 5};  // wild, so that looks are many
  const auto runtime = std::move(*simulated::make_factory()->create());
  const Measured measured = measure(*runtime, settings);
  EXPECT_GT(measured.segment.warm_up.size(), 1000U);
}

TEST(Simulated, NeedsALaw) {
  const auto runtime = std::move(*simulated::make_factory()->create());
  EXPECT_EQ(runtime->load("", {}).error().category, base::ErrorCategory::kUsage);
}

TEST(Inputs, AreSeededAndInRange) {
  const std::vector<TensorInfo> infos = {{"input_ids", TensorType::kInt64, {2, 50}},
                                         {"token_type_ids", TensorType::kInt64, {2, 50}},
                                         {"attention_mask", TensorType::kInt64, {2, 50}}};
  const auto tensors = seeded_inputs(infos, 7, base::RandomStream(1, "a"));
  ASSERT_TRUE(tensors);
  bool seen[7] = {};
  for (size_t i = 0; i < 100; ++i) {
    int64_t id = 0;
    std::memcpy(&id, (*tensors)[0].data.data() + i * 8, 8);
    ASSERT_GE(id, 0);
    ASSERT_LT(id, 7);
    seen[id] = true;
  }
  EXPECT_TRUE(std::all_of(std::begin(seen), std::end(seen), [](bool s) { return s; }));
  EXPECT_EQ((*tensors)[1].data, std::string(800, '\0'));
  EXPECT_EQ((*tensors)[2].data[0], 1);
  EXPECT_EQ((*seeded_inputs(infos, 7, base::RandomStream(1, "a")))[0].data, (*tensors)[0].data);
  EXPECT_NE((*seeded_inputs(infos, 7, base::RandomStream(2, "a")))[0].data, (*tensors)[0].data);
}

TEST(Inputs, OfAnUnknownNameAreRefused) {
  EXPECT_FALSE(seeded_inputs({{"pixels", TensorType::kInt64, {1}}}, 7, {1, "a"}));
  EXPECT_FALSE(seeded_inputs({{"input_ids", TensorType::kInt64, {1}}}, 0, {1, "a"}));
}

TEST(RunRows, GoesThroughTheRowsInBatchesAndJoinsTheOutputs) {
  FakeRuntime runtime([](int) { return 0.01; });
  RunSettings settings;
  settings.batch = 2;
  settings.length = 1;
  const auto model = std::move(*runtime.load("", settings));
  Tensor ids{{"input_ids", TensorType::kInt64, {6, 1}}, std::string(48, '\0')};
  for (size_t i = 0; i < 48; ++i) ids.data[i] = static_cast<char>(i);
  const auto outputs = run_rows(*model, {ids}, 2, {});
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_EQ(runtime.runs(), 3);
  EXPECT_EQ((*outputs)[0].data, ids.data);
  EXPECT_EQ((*outputs)[0].info.shape, (std::vector<int64_t>{6, 1}));
  EXPECT_EQ(run_rows(*model, {ids}, 4, {}).error().category, base::ErrorCategory::kUsage);
}

TEST(Steady, NeedsTwentyRuns) {
  EXPECT_FALSE(is_steady(std::vector<double>(19, 0.001)));
  EXPECT_TRUE(is_steady(std::vector<double>(20, 0.001)));
}

TEST(Session, AClockThatGoesBackwardsIsAnError) {
  FakeRuntime runtime([](int i) { return i == 40 ? -0.001 : 0.01; });
  base::NullSink sink;
  const auto result = run_session(runtime, quick(), {}, {sink, {}, {}, {}, {}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().category, base::ErrorCategory::kDevice);
  EXPECT_NE(result.error().message.find("backwards"), std::string::npos);
}

TEST(Profiles, AnUnknownNameGivesTheAllowedOnes) {
  const auto profile = find_profile("quik");
  ASSERT_FALSE(profile);
  EXPECT_EQ(profile.error().category, base::ErrorCategory::kUsage);
  EXPECT_NE(profile.error().message.find("quick"), std::string::npos);
  EXPECT_NE(profile.error().hint.find("quick"), std::string::npos);
}

}  // namespace
}  // namespace edgetran::profile
