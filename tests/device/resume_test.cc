// Streaming, resuming and what must not come of it, against an agent that breaks off as told.
#include <algorithm>
#include <sstream>

#include "base/hash.h"
#include "device/agent_board.h"
#include "device/fake_agent.h"

namespace edgetran::device {
namespace {

using base::ErrorCategory;
using testing::Test;

const std::vector<int> kAllWindows = {0, 1, 2, 3, 4, 5};

base::Result<Measurement> measure(const FakeAgent& agent, MeasureRequest request = real_request(),
                                  const Card& card = real_card()) {
  base::NullSink events;
  return make_board(card, {.agent = agent.program(), .agent_log = "/dev/null"})
      ->measure(request, events, {});
}

TEST(Streaming, TheSinkTakesTheRawSamplesAsTheyCome) {
  const FakeAgent agent(R"({"windows": 6})");
  std::string taken;
  int times = 0;
  MeasureRequest request = real_request();
  request.raw_sink = [&](std::string_view text) {
    taken += text;
    ++times;
    return base::Status();
  };
  const auto measurement = measure(agent, request);
  ASSERT_TRUE(measurement) << measurement.error().message;
  EXPECT_EQ(taken, measurement->raw);
  EXPECT_EQ(times, 7);  // the header, and each window by itself
  EXPECT_EQ(base::sha256_hex(taken), measurement->record["raw"]["sha256"]);
  EXPECT_EQ(windows_of(taken), kAllWindows);
}

TEST(Streaming, AnAgentThatKeepsItsSamplesIsAskedForThem) {
  const FakeAgent agent(R"({"streams": false})");
  std::string taken;
  MeasureRequest request = real_request();
  request.raw_sink = [&](std::string_view text) {
    taken += text;
    return base::Status();
  };
  const auto measurement = measure(agent, request);
  ASSERT_TRUE(measurement) << measurement.error().message;
  EXPECT_EQ(windows_of(measurement->raw), kAllWindows);
  EXPECT_EQ(taken, measurement->raw);
}

TEST(Resume, FinishedWindowsAreKeptAndTheRestIsMeasuredByTheNextAgent) {
  const FakeAgent agent(R"({"die_at": {"1": 4}})");
  std::string taken;
  MeasureRequest request = real_request();
  request.raw_sink = [&](std::string_view text) {
    taken += text;
    return base::Status();
  };
  const auto measurement = measure(agent, request);
  ASSERT_TRUE(measurement) << measurement.error().message;
  EXPECT_EQ(windows_of(measurement->raw), kAllWindows);
  EXPECT_EQ(taken, measurement->raw);
  EXPECT_NE(taken.find("{\"segment\": 1}"), std::string::npos) << taken;
  const auto asked = agent.noted("measure");
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_FALSE(asked[0]["measure"].contains("resume"));
  EXPECT_EQ(asked[1]["measure"]["resume"], true);
  const auto blob = asked[1]["blob"].get<std::string>();
  EXPECT_EQ(windows_of(blob), (std::vector<int>{0, 1, 2, 3}));
  EXPECT_TRUE(taken.starts_with(blob));
}

TEST(Resume, BeforeAnythingArrivedItStartsAnew) {
  const FakeAgent agent(R"({"streams": false, "die_at": {"1": 0}})");
  const auto measurement = measure(agent);
  ASSERT_TRUE(measurement) << measurement.error().message;
  EXPECT_FALSE(agent.noted("measure").back()["measure"].contains("resume"));
}

TEST(Resume, AnAgentThatDiesTwiceIsADeviceErrorThatSaysHow) {
  const FakeAgent agent(R"({"die_at": {"1": 2, "2": 4}})");
  const auto measurement = measure(agent);
  ASSERT_FALSE(measurement);
  EXPECT_EQ(measurement.error().category, ErrorCategory::kDevice);
  EXPECT_NE(measurement.error().message.find("SIGKILL"), std::string::npos)
      << measurement.error().message;
}

/// Short enough not to be waited for, and longer than a busy machine keeps a process from its work.
constexpr double kSilence_s = 1;

base::Result<Measurement> measure_impatiently(const FakeAgent& agent, base::EventSink& events) {
  RealBoard board(real_card(), {.agent = agent.program(), .agent_log = "/dev/null"}, kSilence_s);
  return board.measure(real_request(), events, {});
}

TEST(Resume, AnAgentThatHangsIsReplacedAndFinishedWindowsAreKept) {
  const FakeAgent agent(R"({"stop_at": {"1": 4}})");
  base::NullSink events;
  const auto measurement = measure_impatiently(agent, events);
  ASSERT_TRUE(measurement) << measurement.error().message;
  EXPECT_EQ(windows_of(measurement->raw), kAllWindows);
  const auto asked = agent.noted("measure");
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(windows_of(asked[1]["blob"].get<std::string>()), (std::vector<int>{0, 1, 2, 3}));
}

TEST(Resume, AnAgentThatHangsTwiceIsADeviceErrorThatSaysSo) {
  const FakeAgent agent(R"({"stop_at": {"1": 0, "2": 0}})");
  base::NullSink events;
  const auto measurement = measure_impatiently(agent, events);
  ASSERT_FALSE(measurement);
  EXPECT_EQ(measurement.error().category, ErrorCategory::kDevice);
  EXPECT_NE(measurement.error().message.find("hangs: the peer has said nothing for 1 s"),
            std::string::npos)
      << measurement.error().message;
  EXPECT_FALSE(agent.lives());
}

TEST(Streaming, AWrongHashIsCorrupt) {
  const auto measurement = measure(FakeAgent(R"({"fault": "hash"})"));
  ASSERT_FALSE(measurement);
  EXPECT_EQ(measurement.error().category, ErrorCategory::kCorrupt);
}

TEST(Streaming, ACutLineIsCorrupt) {
  const auto measurement = measure(FakeAgent(R"({"fault": "cut"})"));
  ASSERT_FALSE(measurement);
  EXPECT_EQ(measurement.error().category, ErrorCategory::kCorrupt);
}

TEST(Streaming, AFullDiskEndsTheMeasurementAndLeavesNoFile) {
  // It hangs after the window whose samples do not fit: only the sink can end it.
  const FakeAgent agent(R"({"hang_at": {"1": 3}})");
  const auto folder = std::move(*base::TemporaryFolder::create("raw"));
  const auto target = folder.path() / "raw.jsonl";
  base::NullSink events;
  const auto board = make_board(real_card(), {.agent = agent.program(), .agent_log = "/dev/null"});
  {
    auto file = std::move(*base::AtomicFile::create(target));
    MeasureRequest request = real_request();
    request.raw_sink = [&](std::string_view text) -> base::Status {
      if (text.find("\"window\": 2") == std::string_view::npos) return file.write(text);
      return base::fail(ErrorCategory::kResource, "no space left on the disk", "free some");
    };
    const auto measurement = board->measure(request, events, {});
    ASSERT_FALSE(measurement);
    EXPECT_EQ(measurement.error().category, ErrorCategory::kResource);
    EXPECT_EQ(measurement.error().hint, "free some");
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_FALSE(agent.lives());
  // The board is as good as new.
  const auto next = board->measure(real_request(), events, {});
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(windows_of(next->raw), kAllWindows);
}

TEST(Streaming, ARemeasuringSimulatedBoardGivesTheSinkOneWholeText) {
  Card card = real_card(BoardKind::kSimulated);
  card.board.law = {.peak_flop_per_s = 1e9,
                    .bandwidth_bytes_per_s = 1e9,
                    .launch_overhead_s = 1e-5,
                    .thread_efficiency = 1,
                    .load_bytes_per_s = 1e9,
                    .noise_share = 0,
                    .seed = 1,
                    .precisions = {{"fp32", 1, 1}}};
  card.deployments[0].runtime = "simulated";
  const FakeAgent agent(R"({"die_at": {"1": 4}})");
  MeasureRequest request = real_request();
  request.cost = CostSummary{.flops = 1000000, .bytes_moved = 1, .nodes = 1};
  std::string taken;
  request.raw_sink = [&](std::string_view text) {
    taken += text;
    return base::Status();
  };
  const auto measurement = measure(agent, request, card);
  ASSERT_TRUE(measurement) << measurement.error().message;
  EXPECT_FALSE(agent.noted("measure").back()["measure"].contains("resume"));
  EXPECT_EQ(taken, measurement->raw);
  EXPECT_EQ(windows_of(taken), kAllWindows);
}

TEST(AgentFlags, ACardsSensorsAndRuntimesReachTheAgentAsTheyAre) {
  Card card = real_card();
  const base::Json sensor = {{"driver", "ina219"}, {"bus", 1}, {"shunt_ohm", 0.1}};
  card.board.sensors = {sensor};
  card.board.runtimes = {{"other", "python3 \"a b.py\" --name 'it''s'"}};
  const FakeAgent agent(R"({})");
  ASSERT_TRUE(measure(agent, real_request(), card));
  EXPECT_EQ(agent.noted("arguments").at(0)["arguments"],
            base::Json({"--stdio", "--sensor", base::dump_json(sensor), "--runtime",
                        "other=python3 \"a b.py\" --name 'it''s'"}));
}

TEST(AgentFlags, AnAcceleratorIsAskedForWhereItIsNotTheProcessor) {
  Card card = real_card();
  card.deployments.push_back(card.deployments[0]);
  card.deployments[1].name = "gpu";
  card.deployments[1].accelerator = "GPU";
  const FakeAgent agent(R"({})");
  MeasureRequest request = real_request();
  ASSERT_TRUE(measure(agent, request, card));
  request.deployment = "gpu";
  ASSERT_TRUE(measure(agent, request, card));
  const auto asked = agent.noted("measure");
  EXPECT_FALSE(asked[0]["measure"].contains("accelerator"));
  EXPECT_EQ(asked[1]["measure"]["accelerator"], "GPU");
}

TEST(AgentFlags, TheCardsEnvironmentAndTheModelsCostGoWithTheRequest) {
  Card card = real_card();
  card.board.environment = {{"supply", "USB-C 5 V"}, {"ambient", "21"}};
  MeasureRequest request = real_request();
  request.cost = CostSummary{.flops = 12, .bytes_moved = 34};
  const FakeAgent agent(R"({})");
  ASSERT_TRUE(measure(agent, request, card));
  const base::Json asked = agent.noted("measure").at(0)["measure"];
  EXPECT_EQ(asked["environment"], base::Json({{"ambient", "21"}, {"supply", "USB-C 5 V"}}));
  EXPECT_EQ(asked["cost"], base::Json({{"flops", 12}, {"bytes_moved", 34}}));
}

TEST(Provenance, OfThisMachineHasNoClockAndNoConnection) {
  const auto measurement = measure(FakeAgent(R"({})"));
  ASSERT_TRUE(measurement) << measurement.error().message;
  EXPECT_FALSE(measurement->record["provenance"].contains("clock"));
  EXPECT_FALSE(measurement->record["provenance"].contains("connection"));
}

TEST(AgentVersions, ThatDoNotGoTogetherAreADeviceErrorWithBoth) {
  const auto measurement = measure(FakeAgent(R"({"fault": "protocol"})"));
  ASSERT_FALSE(measurement);
  EXPECT_EQ(measurement.error().category, ErrorCategory::kDevice);
  EXPECT_NE(measurement.error().message.find("no common protocol"), std::string::npos)
      << measurement.error().message;
  EXPECT_FALSE(measurement.error().hint.empty());
}

}  // namespace
}  // namespace edgetran::device
