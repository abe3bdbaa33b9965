// Sessions that read power: phases, figures of energy, gates, recheck.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "profile/fake_runtime.h"
#include "profile/law_recorder.h"
#include "profile/power_summary.h"
#include "profile/recheck.h"
#include "profile/record.h"
#include "profile/recording_text.h"
#include "profile/session.h"

namespace edgetran::profile {
namespace {

using base::Json;
using testing::FakeRuntime;
using testing::LawRecorder;

constexpr double kIdle_w = 2, kBusy_w = 5, kRun_s = 0.01;

/// Power of a machine that works only in runs: 2 W idle, 5 W in a run, by what the fake runtime
/// did.
class Work {
 public:
  explicit Work(base::Clock& clock) : clock_(clock) {}
  /// Time in runs up to `time_s`, as the runtime's law is asked just before each run.
  void begins(double seconds) { spans_.push_back({clock_.now_s(), clock_.now_s() + seconds}); }
  double energy_j(double time_s) const {
    double busy_s = 0;
    for (const auto& [from_s, to_s] : spans_) {
      if (from_s >= time_s) break;
      busy_s += std::min(time_s, to_s) - from_s;
    }
    return kIdle_w * time_s + (kBusy_w - kIdle_w) * busy_s;
  }

 private:
  base::Clock& clock_;
  std::vector<std::pair<double, double>> spans_;
};

SessionRequest request_of(const std::string& profile) {
  SessionRequest request;
  request.model = "model";
  request.profile = *find_profile(profile);
  request.vocabulary = 100;
  request.preflight.host = Json::object();
  return request;
}

RecordingHeader header_of(const Profile& profile) {
  RecordingHeader header;
  header.program = "test";
  header.runtime = "fake";
  header.model = base::sha256_hex("model");
  header.model_bytes = 5;
  header.profile = profile;
  header.vocabulary = 100;
  return header;
}

struct Session {
  std::string raw;
  std::vector<std::string> phases;
  Segment segment;
  Json record() const {
    const auto recording = decode_recording(raw);
    EXPECT_TRUE(recording) << recording.error().message;
    return make_record(*recording, base::sha256_hex(raw), raw.size());
  }
};

class Phases final : public base::EventSink {
 public:
  void emit(const base::Event& event) override {
    names.push_back(event.fields["phase"].get<std::string>());
  }
  std::vector<std::string> names;
};

/// Measures with `profile`; `adjust` may change the recorder and the context before.
Session measure(
    const Profile& profile,
    const std::function<void(LawRecorder&, SessionContext&, base::ManualClock&)>& adjust =
        [](auto&, auto&, auto&) {},
    double (*extra_j)(double) = nullptr) {
  Session session;
  std::unique_ptr<Work> work;
  FakeRuntime runtime([&](int) {
    work->begins(kRun_s);
    return kRun_s;
  });
  work = std::make_unique<Work>(runtime.clock());
  auto recorder = std::make_unique<LawRecorder>(runtime.clock(), [&](double s) {
    return work->energy_j(s) + (extra_j != nullptr ? extra_j(s) : 0);
  });
  Phases events;
  session.raw = encode_header(header_of(profile));
  SessionContext context{.events = events,
                         .cancel = {},
                         .lease_holds = {},
                         .raw = [&](std::string_view lines) { session.raw += lines; },
                         .thermal = {}};
  SessionRequest request = request_of(profile.name);
  request.profile = profile;
  adjust(*recorder, context, runtime.manual_clock());
  auto segment =
      run_session(runtime, std::move(request), testing::plan_of(std::move(recorder)), context);
  EXPECT_TRUE(segment) << segment.error().message;
  session.segment = std::move(*segment);
  session.phases = events.names;
  return session;
}

std::vector<std::string> flags_of(const Json& record) {
  return record["flags"].get<std::vector<std::string>>();
}
bool has(const Json& record, const std::string& flag) {
  const auto flags = flags_of(record);
  return std::ranges::find(flags, flag) != flags.end();
}

TEST(SessionPower, GoesThroughThePhasesOfTheProtocol) {
  const Session session = measure(*find_profile("standard"));
  auto phases = session.phases;
  phases.erase(std::unique(phases.begin(), phases.end()), phases.end());
  EXPECT_EQ(phases, (std::vector<std::string>{"idle_unloaded", "load", "idle_loaded", "first",
                                              "warm_up", "window", "idle_after", "observer"}));
  EXPECT_NEAR(session.segment.idle_unloaded->length_s(), 30, 0.3);
  EXPECT_NEAR(session.segment.idle_loaded->length_s(), 15, 0.3);
  for (const Window& window : session.segment.windows) EXPECT_GE(window.span.length_s(), 2);
}

TEST(SessionPower, EnergyOfAnInferenceIsTheLaws) {
  const Json record = measure(*find_profile("standard")).record();
  const Json& energy = record["energy"];
  EXPECT_NEAR(energy["gross_j"].get<double>(), kBusy_w * kRun_s, 1e-3 * kBusy_w * kRun_s);
  EXPECT_NEAR(energy["net_j"].get<double>(), (kBusy_w - kIdle_w) * kRun_s, 2e-3 * kBusy_w * kRun_s);
  EXPECT_LE(energy["low_j"], energy["net_j"]);
  EXPECT_GE(energy["high_j"], energy["net_j"]);
  EXPECT_EQ(energy["boundary"], "package");
  EXPECT_NEAR(energy["idle_loaded_w"].get<double>(), kIdle_w, 1e-3);
  EXPECT_NEAR(energy["idle_unloaded_w"].get<double>(), kIdle_w, 1e-3);
  EXPECT_NEAR(energy["load_j"].get<double>(), kIdle_w * 0.5, 0.01);
  for (const char* part : {"statistics_j", "edges_j", "gain_j", "baseline_j"}) {
    EXPECT_TRUE(energy["uncertainty"][part].is_number()) << part;
  }
  const auto half_width_j = [&](const char* parts) {
    double squares = 0;
    for (const auto& [name, half] : energy[parts].items()) {
      if (half.is_number()) squares += half.get<double>() * half.get<double>();
    }
    return std::sqrt(squares);
  };
  const auto of = [&](const char* key) { return energy[key].get<double>(); };
  EXPECT_NEAR(half_width_j("uncertainty"), (of("high_j") - of("low_j")) / 2, 1e-12);
  EXPECT_NEAR(half_width_j("gross_uncertainty"), (of("gross_high_j") - of("gross_low_j")) / 2,
              1e-12);
  EXPECT_NEAR(record["power"]["mean_w"].get<double>(), kBusy_w, 0.01);
  EXPECT_NEAR(record["power"]["idle_w"].get<double>(), kIdle_w, 0.01);
  EXPECT_EQ(record["power"]["peak_w"].size(), 3U);
  for (const Json& peak : record["power"]["peak_w"]) {
    EXPECT_NEAR(peak["value_w"].get<double>(), kBusy_w, 0.3) << peak;
  }
  EXPECT_TRUE(flags_of(record).empty()) << record["flags"];
  EXPECT_EQ(record["verdict"], "VALID");
}

TEST(SessionPower, WindowsThatDoNotCountAreNoFaultOfTheSensor) {
  const Session session = measure(*find_profile("quick"));
  auto recording = decode_recording(session.raw);
  ASSERT_TRUE(recording) << recording.error().message;
  auto& windows = recording->segments[0].windows;
  for (Window& window : windows) window.major_faults = 1'000'000;
  const std::string raw = encode_recording(*recording);
  const Json record = make_record(*recording, base::sha256_hex(raw), raw.size());
  EXPECT_TRUE(record["energy"].is_null());
  EXPECT_EQ(record["reason"],
            "all windows were discarded (" + std::to_string(windows.size()) + " SWAPPING)");
  EXPECT_TRUE(has(record, "SWAPPING"));
  EXPECT_FALSE(has(record, "SENSOR_FAULT"));
}

TEST(SessionPower, QuickHasABaselineAndStaysWithinItsTime) {
  const Session session = measure(*find_profile("quick"));
  const Json record = session.record();
  EXPECT_NEAR(record["energy"]["net_j"].get<double>(), (kBusy_w - kIdle_w) * kRun_s, 5e-4);
  EXPECT_FALSE(session.segment.idle_unloaded);
  EXPECT_FALSE(session.segment.idle_after);
  EXPECT_LE(session.segment.windows.back().span.end_s - session.segment.load->end_s, 3 + kRun_s);
}

TEST(SessionPower, ADriftOfIdlePowerIsCorrectedAndFlagged) {
  // 1 W more after a minute: a third of net power.
  const Session session = measure(
      *find_profile("standard"), [](auto&, auto&, auto&) {}, [](double s) { return s * s / 120; });
  const Json record = session.record();
  EXPECT_TRUE(has(record, "BASELINE_DRIFT")) << record["flags"];
  const double net_j = record["energy"]["net_j"].get<double>();
  EXPECT_NEAR(net_j, (kBusy_w - kIdle_w) * kRun_s, 0.02 * kBusy_w * kRun_s);
}

TEST(SessionPower, AnIdlePhaseThatStaysNoisyIsMadeLongerAndFlagged) {
  const Session session = measure(
      *find_profile("standard"), [](auto&, auto&, auto&) {},
      [](double s) { return 2 * (1 - std::cos(s)); });  // +-2 W over 2 W
  EXPECT_TRUE(has(session.record(), "IDLE_NOISY"));
  EXPECT_EQ(std::ranges::count(session.phases, "idle_unloaded"), 1);
  EXPECT_GT(session.segment.idle_unloaded->start_s, 85);  // the fourth stretch of thirty seconds
}

TEST(SessionPower, AWindowWithAFailedReadingHasNoEnergyAndTheOthersDo) {
  const Session session =
      measure(*find_profile("standard"), [](LawRecorder& recorder, auto&, auto&) {
        recorder.fail_from_s = 50;
        recorder.fail_to_s = 50.1;
      });
  const Json record = session.record();
  EXPECT_EQ(record["energy"]["faults"]["READ_ERROR"], 1);
  EXPECT_TRUE(has(record, "SENSOR_FAULT"));
  EXPECT_EQ(record["verdict"], "INVALID");  // one of five or six is more than a tenth
  EXPECT_NEAR(record["energy"]["gross_j"].get<double>(), kBusy_w * kRun_s, 1e-3);
}

TEST(SessionPower, ASensorThatOnlyFailsGivesNoEnergyAndTheReason) {
  const Session session =
      measure(*find_profile("standard"),
              [](LawRecorder& recorder, auto&, auto&) { recorder.fail_from_s = -1; });
  const Json record = session.record();
  EXPECT_TRUE(record["energy"].is_null());
  EXPECT_NE(record["reason"].get<std::string>().find("READ_ERROR"), std::string::npos);
  EXPECT_TRUE(record["latency"]["median_s"].is_number());
}

TEST(SessionPower, AThrottledWindowIsMeasuredAgainAndListed) {
  int reads = 0;
  const auto throttle_once = [&](LawRecorder&, SessionContext& context, base::ManualClock&) {
    // Read at the start, then before and after each window.
    context.thermal = [&reads] {
      ThermalState state;
      state.temperature_c = 40;
      state.throttle_events = ++reads < 5 ? 7 : 8;
      return state;
    };
  };
  const Session session = measure(*find_profile("standard"), throttle_once);
  const Json record = session.record();
  EXPECT_EQ(record["latency"]["discarded"]["THROTTLED"], 1);
  EXPECT_TRUE(has(record, "THROTTLED"));
  EXPECT_EQ(record["verdict"], "INVALID");  // 1 of 6
  EXPECT_EQ(session.segment.windows.size(), 6U);
}

TEST(SessionPower, ThePlateauOfSustainedIsNotDiscarded) {
  int reads = 0;
  Profile profile = *find_profile("sustained");
  profile.warm_up_min_s = 20;
  const Session session = measure(profile, [&](LawRecorder&, SessionContext& context, auto&) {
    context.thermal = [&reads] {
      ThermalState state;
      state.throttle_events = ++reads;
      return state;
    };
  });
  const Json record = session.record();
  EXPECT_TRUE(record["latency"]["discarded"].empty());
  EXPECT_EQ(record["verdict"], "VALID") << record["flags"];
  EXPECT_GE(record["latency"]["warm_up_s"], 20);
}

TEST(SessionPower, AHotMachineIsLetCoolBeforeTheSessionEnds) {
  double began_s = -1;
  const Session session =
      measure(*find_profile("standard"),
              [&](LawRecorder&, SessionContext& context, base::ManualClock& clock) {
                context.thermal = [&] {
                  ThermalState state;
                  const double now_s = clock.now_s();
                  // Warms by half a degree a second of work up to 60, then cools by one a second.
                  if (now_s > 70 && began_s < 0) began_s = now_s;
                  state.temperature_c = began_s < 0 ? 40 : std::max(41.0, 60 - (now_s - began_s));
                  return state;
                };
              });
  EXPECT_EQ(session.phases.back(), "cool_down");
}

TEST(SessionPower, TheObserversTestAlternatesInTheOrderABBA) {
  const Session session = measure(*find_profile("standard"));
  ASSERT_EQ(session.segment.observer.size(), 24U);
  for (size_t i = 0; i < 24; ++i) {
    EXPECT_EQ(session.segment.observer[i].sampling, i % 4 == 0 || i % 4 == 3) << i;
  }
  EXPECT_EQ(session.record()["latency"]["observer"]["blocks"], 6);
}

TEST(SessionPower, ALostLeaseInAnIdlePhaseEndsTheSession) {
  int asked = 0;
  base::NullSink sink;
  FakeRuntime runtime([](int) { return kRun_s; });
  auto recorder = std::make_unique<LawRecorder>(runtime.clock(), [](double s) { return 2 * s; });
  const auto segment =
      run_session(runtime, request_of("standard"), testing::plan_of(std::move(recorder)),
                  {.events = sink,
                   .cancel = {},
                   .lease_holds = [&] { return ++asked < 10; },
                   .raw = {},
                   .thermal = {}});
  ASSERT_TRUE(segment);
  EXPECT_TRUE(segment->lease_lost);
  EXPECT_LT(runtime.clock().now_s(), 20);
}

TEST(Recheck, ComputesEveryFigureAnewBitForBit) {
  const Session session = measure(*find_profile("standard"));
  const Json record = session.record();
  const auto differences = recheck(record, session.raw);
  ASSERT_TRUE(differences) << differences.error().message;
  EXPECT_TRUE(differences->empty()) << differences->front();
}

TEST(Recheck, NoticesAnyFlippedBitOfTheSamples) {
  const Session session = measure(*find_profile("quick"));
  const Json record = session.record();
  for (size_t i = 0; i < session.raw.size(); i += 97) {
    std::string damaged = session.raw;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    const auto differences = recheck(record, damaged);
    EXPECT_TRUE(!differences || !differences->empty()) << i;
  }
}

TEST(Recheck, NoticesAnyFlippedBitOfTheRecord) {
  const Session session = measure(*find_profile("quick"));
  const std::string text = base::dump_json(session.record());
  for (size_t i = 0; i < text.size(); ++i) {
    std::string damaged = text;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 7)));
    const auto record = base::parse_json(damaged, "record");
    if (!record) continue;                           // seen by the reader already
    if (base::dump_json(*record) == text) continue;  // another spelling of the same
    const auto differences = recheck(*record, session.raw);
    EXPECT_TRUE(!differences || !differences->empty()) << damaged.substr(i > 20 ? i - 20 : 0, 40);
  }
}

TEST(Recheck, SaysWhichFigureIsNotTheSamples) {
  const Session session = measure(*find_profile("quick"));
  Json record = session.record();
  record["energy"]["net_j"] = 0.001;
  record["raw"]["path"] = "somewhere";
  record["provenance"]["clock"] = {{"offset_s", 1}};
  record["provenance"]["connection"] = {{"kind", "ssh"}, {"reconnects", 1}};
  const auto differences = recheck(record, session.raw);
  ASSERT_TRUE(differences);
  ASSERT_EQ(differences->size(), 1U);
  EXPECT_NE(differences->front().find("/energy/net_j"), std::string::npos);
}

TEST(Recheck, RefusesRecordsWithoutSamples) {
  EXPECT_EQ(recheck(Json::object(), "").error().category, base::ErrorCategory::kUsage);
  EXPECT_EQ(
      recheck({{"format", "edgetran.measurement/2"}, {"kind", "replayed"}}, "").error().category,
      base::ErrorCategory::kUsage);
}

TEST(Resume, GoesOnAfterTheWindowsThatAreThere) {
  const Session whole = measure(*find_profile("standard"));
  // Cut inside the line of the third window.
  size_t cut = 0;
  for (int i = 0; i < 3; ++i) cut = whole.raw.find("\"phase\":\"window\"", cut + 1);
  const std::string kept(whole_lines(std::string_view(whole.raw).substr(0, cut + 40)));
  const auto earlier = decode_recording(kept);
  ASSERT_TRUE(earlier) << earlier.error().message;
  ASSERT_EQ(earlier->windows(), 2U);

  FakeRuntime runtime([](int) { return kRun_s; });
  base::NullSink sink;
  std::string raw = kept;
  SessionRequest request = request_of("standard");
  request.earlier = &*earlier;
  const auto segment = run_session(runtime, std::move(request), {},
                                   {.events = sink,
                                    .cancel = {},
                                    .lease_holds = {},
                                    .raw = [&](std::string_view lines) { raw += lines; },
                                    .thermal = {}});
  ASSERT_TRUE(segment) << segment.error().message;
  const auto recording = decode_recording(raw);
  ASSERT_TRUE(recording) << recording.error().message;
  ASSERT_EQ(recording->segments.size(), 2U);
  EXPECT_EQ(recording->segments[0].windows.size(), 2U);
  EXPECT_EQ(recording->segments[1].windows.size(), 3U);  // five in all
  const Json record = make_record(*recording, "", raw.size());
  EXPECT_TRUE(has(record, "RESUMED"));
  EXPECT_EQ(record["latency"]["windows"], 5);
}

}  // namespace
}  // namespace edgetran::profile
