#include "device/board.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "base/files.h"
#include "base/hash.h"
#include "places.h"

namespace edgetran::device {
namespace {

using base::ErrorCategory;

const std::filesystem::path kSource = places::source();
const std::filesystem::path kAgent = places::programs() / "edgetran-agent";

Card simulated_card() {
  return std::move(*read_card_file(kSource / "devices" / "simulated-board.yaml"));
}

MeasureRequest request() {
  MeasureRequest request;
  request.model_bytes = "a model that only its hash and size matter of";
  request.cost = CostSummary{
      .flops = 120'000'000, .bytes_moved = 1'000'000, .nodes = 100, .peak_activation_bytes = 4096};
  request.vocabulary = 1000;
  request.deployment = "cpu-1t-fp32";
  request.seed = 5;
  return request;
}

BoardOptions options() { return {.agent = kAgent, .agent_log = {}, .lease_wait_s = 60}; }

base::Result<Measurement> measure(const MeasureRequest& wanted, BoardOptions how = options()) {
  base::NullSink sink;
  return make_board(simulated_card(), std::move(how))->measure(wanted, sink, {});
}

/// The kernel's list of this process's children, dead ones included.
std::string children() {
  return base::read_file("/proc/self/task/" + std::to_string(::getpid()) + "/children")
      .value_or("");
}

/// A program in a script, for agents that misbehave.
std::filesystem::path script(const base::TemporaryFolder& folder, const std::string& text) {
  const auto path = folder.path() / "agent";
  EXPECT_TRUE(base::write_file_atomic(path, "#!/bin/sh\n" + text));
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

TEST(SimulatedBoard, MeasuresByItsLaw) {
  const auto measurement = measure(request());
  ASSERT_TRUE(measurement) << measurement.error().message;
  const base::Json& record = measurement->record;
  // 1.2e8 flop at 1.2e10 flop/s, and 100 launches of 10 us.
  EXPECT_NEAR(record["latency"]["median_s"].get<double>(), 0.011, 0.011 * 0.01);
  EXPECT_EQ(record["kind"], "modelled");
  EXPECT_EQ(record["device"], "simulated-board");
  EXPECT_EQ(record["deployment"], "cpu-1t-fp32");
  EXPECT_EQ(record["memory"]["model_bytes"], request().model_bytes.size());
  EXPECT_EQ(base::sha256_hex(measurement->raw), record["raw"]["sha256"]);
}

TEST(SimulatedBoard, TheSameRequestGivesTheSameBytes) {
  const auto first = measure(request());
  const auto second = measure(request());
  ASSERT_TRUE(first && second);
  EXPECT_EQ(base::dump_json(first->record), base::dump_json(second->record));
  EXPECT_EQ(first->raw, second->raw);
  MeasureRequest other = request();
  other.seed = 6;
  EXPECT_NE(measure(other)->raw, first->raw);
}

TEST(SimulatedBoard, WrongRequestsAreUsageErrors) {
  MeasureRequest without_cost = request();
  without_cost.cost.reset();
  EXPECT_EQ(measure(without_cost).error().category, ErrorCategory::kUsage);
  MeasureRequest wrong_profile = request();
  wrong_profile.profile = "quikc";
  EXPECT_EQ(measure(wrong_profile).error().category, ErrorCategory::kUsage);
  MeasureRequest wrong_deployment = request();
  wrong_deployment.deployment = "gpu";
  EXPECT_EQ(measure(wrong_deployment).error().category, ErrorCategory::kNotFound);
  MeasureRequest wrong_hash = request();
  wrong_hash.sha256 = std::string(64, '0');
  EXPECT_EQ(measure(wrong_hash).error().category, ErrorCategory::kCorrupt);
}

TEST(SimulatedBoard, DoesWithTheModelsHashAndSize) {
  MeasureRequest digest = request();
  digest.sha256 = base::sha256_hex(digest.model_bytes);
  digest.model_size = digest.model_bytes.size();
  digest.model_bytes.clear();
  const auto measurement = measure(digest);
  ASSERT_TRUE(measurement) << measurement.error().message;
  EXPECT_EQ(base::dump_json(measurement->record), base::dump_json(measure(request())->record));
  EXPECT_EQ(measurement->raw, measure(request())->raw);
  digest.sha256.clear();
  EXPECT_EQ(measure(digest).error().category, ErrorCategory::kUsage);
}

TEST(SimulatedBoard, ComputesNoOutputs) {
  const auto outputs = make_board(simulated_card(), options())->run_outputs(request(), "", {});
  ASSERT_FALSE(outputs);
  EXPECT_EQ(outputs.error().category, ErrorCategory::kDevice);
}

TEST(Board, LeavesNoProcessBehind) {
  {
    base::NullSink sink;
    const auto board = make_board(simulated_card(), options());
    ASSERT_TRUE(board->measure(request(), sink, {}));
    EXPECT_NE(children(), "");
  }
  EXPECT_EQ(children(), "");
}

/// Kills the agent of this process in the middle of its work, the first `times` times it reports.
class Killer final : public base::EventSink {
 public:
  explicit Killer(int times) : times_(times) {}
  void emit(const base::Event&) override {
    if (times_-- > 0) ::kill(static_cast<pid_t>(std::stol(children())), SIGKILL);
  }

 private:
  int times_;
};

TEST(Board, AnAgentKilledAtWorkIsReplacedAndTheResultIsTheSame) {
  Killer killer(1);
  const auto board = make_board(simulated_card(), options());
  const auto measurement = board->measure(request(), killer, {});
  ASSERT_TRUE(measurement) << measurement.error().message;
  EXPECT_EQ(base::dump_json(measurement->record), base::dump_json(measure(request())->record));
}

TEST(Board, AnAgentThatDiesAgainIsADeviceErrorWithTheReason) {
  const auto folder = std::move(*base::TemporaryFolder::create("board-test"));
  const auto measurement =
      measure(request(), {.agent = script(folder, "exit 7\n"), .agent_log = {}, .lease_wait_s = 1});
  ASSERT_FALSE(measurement);
  EXPECT_EQ(measurement.error().category, ErrorCategory::kDevice);
  EXPECT_NE(measurement.error().message.find("code 7"), std::string::npos)
      << measurement.error().message;
  EXPECT_EQ(children(), "");
}

TEST(Board, AProgramThatTalksNonsenseIsADeviceError) {
  const auto folder = std::move(*base::TemporaryFolder::create("board-test"));
  const auto measurement =
      measure(request(), {.agent = script(folder, "echo hello, this is no frame\n"),
                          .agent_log = {},
                          .lease_wait_s = 1});
  ASSERT_FALSE(measurement);
  EXPECT_EQ(measurement.error().category, ErrorCategory::kDevice);
}

TEST(Board, AMissingAgentIsADeviceErrorWithAHint) {
  const auto measurement =
      measure(request(), {.agent = "/nowhere/agent", .agent_log = {}, .lease_wait_s = 1});
  ASSERT_FALSE(measurement);
  EXPECT_EQ(measurement.error().category, ErrorCategory::kDevice);
  EXPECT_FALSE(measurement.error().hint.empty());
}

TEST(Board, CancelInterruptsAMeasurement) {
  class CancelAtOnce final : public base::EventSink {
   public:
    explicit CancelAtOnce(base::CancelToken token) : token_(std::move(token)) {}
    void emit(const base::Event&) override {
      token_.request();
      token_.request();
    }

   private:
    base::CancelToken token_;
  };
  base::CancelToken cancel;
  CancelAtOnce sink(cancel);
  const auto measurement =
      make_board(simulated_card(), options())->measure(request(), sink, cancel);
  // The simulated session may be done before the cancel arrives; then it is a whole result.
  if (!measurement) {
    EXPECT_EQ(measurement.error().category, ErrorCategory::kInterrupted);
  }
  EXPECT_EQ(children(), "");
}

TEST(LocalBoard, RefusesBytesThatAreNoModel) {
  Card card = simulated_card();
  card.board.kind = BoardKind::kLocal;
  card.deployments = {{.name = "one", .runtime = "openvino", .precision = "fp32"}};
  MeasureRequest wanted = request();
  wanted.deployment = "one";
  wanted.cost.reset();
  base::NullSink sink;
  const auto measurement = make_board(card, options())->measure(wanted, sink, {});
  ASSERT_FALSE(measurement);
  // With OpenVINO: not a model. Built without it: no such device.
  EXPECT_TRUE(measurement.error().category == ErrorCategory::kCorrupt ||
              measurement.error().category == ErrorCategory::kDevice)
      << measurement.error().message;
}

}  // namespace
}  // namespace edgetran::device
