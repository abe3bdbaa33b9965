// Boards behind a real OpenSSH server on loopback.
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "base/hash.h"
#include "device/board_check.h"
#include "device/fake_agent.h"
#include "device/sshd.h"
#include "places.h"
#include "profile/recheck.h"

namespace edgetran::device {
namespace {

using base::ErrorCategory;
using State = CheckLine::State;

const std::filesystem::path kSource = places::source();
const std::filesystem::path kRealAgent = places::programs() / "edgetran-agent";
const std::vector<int> kAllWindows = {0, 1, 2, 3, 4, 5};

class SshBoard : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string missing = Sshd::missing(); !missing.empty()) GTEST_SKIP() << missing;
    sshd_.emplace();
  }

  Card card(const std::string& program) const {
    Card card = real_card(BoardKind::kSsh);
    card.board.ssh = sshd_->settings(program);
    return card;
  }

  /// With the real agent, and a runtime whose runs take 2 ms.
  Card measuring_card() const {
    // A lock file of its own: other agents of this machine are not its business.
    const std::string wrapper = sshd_->path("agent");
    EXPECT_TRUE(base::write_file_atomic(
        wrapper, "#!/bin/sh\nexec " + shell_quoted(kRealAgent.string()) + " --lock-file " +
                     shell_quoted(sshd_->path("lock")) + " \"$@\"\n"));
    std::filesystem::permissions(wrapper, std::filesystem::perms::owner_all);
    Card card = this->card(wrapper);
    card.board.runtimes = {
        {"fake", "python3 \"" + (kSource / "tests/device/fake_runtime.py").string() + "\""}};
    card.deployments[0].runtime = "fake";
    card.deployments[0].length = 8;
    return card;
  }

  BoardOptions options() const {
    return {.agent = "/nowhere",
            .agent_log = sshd_->path("agent.log"),
            .lease_wait_s = 5,
            .reconnect = {.tries = 6, .first_s = 0.05, .longest_s = 1}};
  }

  base::Result<BoardCheck> check(const Card& card) const {
    return check_board(card, options(), {});
  }

  base::Result<Measurement> measure(const Card& card, base::EventSink& events,
                                    const base::CancelToken& cancel = {}) const {
    return make_board(card, options())->measure(real_request(), events, cancel);
  }

  /// The error of a board that cannot be used, which has a fix on one line.
  base::Error refusal(const Card& card) const {
    const auto found = check(card);
    EXPECT_FALSE(found);
    if (found) return {};
    EXPECT_FALSE(found.error().hint.empty()) << found.error().message;
    EXPECT_EQ(found.error().message.find('\n'), std::string::npos) << found.error().message;
    return found.error();
  }

  std::optional<Sshd> sshd_;
};

/// Does something at the start of a window, once.
class AtWindow final : public base::EventSink {
 public:
  AtWindow(int window, std::function<void()> action)
      : window_(window), action_(std::move(action)) {}
  void emit(const base::Event& event) override {
    if (event.name == "reconnect") ++reconnects;
    if (event.name == "phase" && event.fields["index"] == window_) std::exchange(action_, [] {})();
  }
  int reconnects = 0;

 private:
  int window_;
  std::function<void()> action_;
};

TEST_F(SshBoard, TheAgentAnswersBehindAPinnedKey) {
  const auto found = check(card(kRealAgent.string()));
  ASSERT_TRUE(found) << found.error().message << sshd_->log();
  EXPECT_EQ(found->about.service, "agent");
  EXPECT_GT(found->capabilities["host"]["cores"].get<int64_t>(), 0);
}

TEST_F(SshBoard, AKnownHostsFileDoesAsWell) {
  Card card = this->card(kRealAgent.string());
  const std::string line = "[127.0.0.1]:" + std::to_string(sshd_->port()) + " " +
                           std::exchange(card.board.ssh.host_key, "") + "\n";
  card.board.ssh.known_hosts = sshd_->path("known hosts");
  ASSERT_TRUE(base::write_file_atomic(card.board.ssh.known_hosts, line));
  const auto found = check(card);
  EXPECT_TRUE(found) << found.error().message;
}

TEST_F(SshBoard, AnotherHostKeyIsRefusedAndItsFingerprintShown) {
  Card card = this->card(kRealAgent.string());
  card.board.ssh.host_key = make_key(sshd_->path("other"));
  // No card has it; ssh believes any key of this very machine where it is set.
  card.board.ssh.options = {"NoHostAuthenticationForLocalhost=yes"};
  const base::Error error = refusal(card);
  EXPECT_EQ(error.category, ErrorCategory::kPermission);
  EXPECT_NE(error.message.find("SHA256:"), std::string::npos) << error.message;
  EXPECT_NE(error.hint.find("host_key"), std::string::npos) << error.hint;
}

TEST_F(SshBoard, AKeyThatTheBoardDoesNotKnowIsAPermissionError) {
  Card card = this->card(kRealAgent.string());
  make_key(sshd_->path("stranger"));
  card.board.ssh.identity = sshd_->path("stranger");
  const base::Error error = refusal(card);
  EXPECT_EQ(error.category, ErrorCategory::kPermission);
  EXPECT_NE(error.hint.find("authorized_keys"), std::string::npos) << error.hint;
}

TEST_F(SshBoard, AKeyThatOthersCanReadIsAPermissionErrorWithItsFix) {
  std::filesystem::permissions(
      sshd_->path("user"), std::filesystem::perms::group_read | std::filesystem::perms::owner_read);
  const base::Error error = refusal(card(kRealAgent.string()));
  EXPECT_EQ(error.category, ErrorCategory::kPermission);
  EXPECT_NE(error.hint.find("chmod 600"), std::string::npos) << error.hint;
}

TEST_F(SshBoard, AKeyFileThatIsNotThereIsNamed) {
  Card card = this->card(kRealAgent.string());
  card.board.ssh.identity = "/nowhere/key";
  EXPECT_NE(refusal(card).message.find("/nowhere/key"), std::string::npos);
}

TEST_F(SshBoard, WhereNobodyListensIsADeviceError) {
  const Card card = this->card(kRealAgent.string());
  sshd_->stop();
  const base::Error error = refusal(card);
  EXPECT_EQ(error.category, ErrorCategory::kDevice);
  EXPECT_NE(error.message.find("refused"), std::string::npos) << error.message;
}

TEST_F(SshBoard, AMissingAgentIsADeviceErrorThatNamesIt) {
  const base::Error error = refusal(card("/opt/no agent/edgetran-agent"));
  EXPECT_EQ(error.category, ErrorCategory::kDevice);
  EXPECT_NE(error.message.find("/opt/no agent/edgetran-agent"), std::string::npos);
  EXPECT_NE(error.hint.find("ssh.program"), std::string::npos) << error.hint;
}

TEST_F(SshBoard, AnAgentThatCannotBeExecutedIsAPermissionError) {
  EXPECT_EQ(refusal(card(sshd_->path("config"))).category, ErrorCategory::kPermission);
}

TEST_F(SshBoard, AShellThatPrintsIsToldFromAnAgent) {
  const FakeAgent agent(R"({"fault": "noise"})");
  const base::Error error = refusal(card(agent.program().string()));
  EXPECT_EQ(error.category, ErrorCategory::kDevice);
  EXPECT_NE(error.hint.find(".bashrc"), std::string::npos) << error.hint;
}

TEST_F(SshBoard, AForcedCommandTakesTheAgentsPlace) {
  const FakeAgent agent(R"({})");
  sshd_->authorize("restrict,command=\"'" + agent.program().string() + "' --stdio\"");
  base::NullSink events;
  const auto measurement = measure(card("/nowhere/agent"), events);
  ASSERT_TRUE(measurement) << measurement.error().message;
  EXPECT_EQ(windows_of(measurement->raw), kAllWindows);
}

TEST_F(SshBoard, WordsOfTheCardReachTheAgentUnchanged) {
  const FakeAgent agent(R"({})");
  Card card = this->card(agent.program().string());
  const std::string command = "run $HOME `id` \"a  b\" 'c' \\ ; exit 3 #";
  card.board.runtimes = {{"odd", command}};
  const base::Json sensor = {{"driver", "ina219"}, {"bus", 1}, {"shunt_ohm", 0.1}};
  card.board.sensors = {sensor};
  base::NullSink events;
  ASSERT_TRUE(measure(card, events));
  EXPECT_EQ(
      agent.noted("arguments").at(0)["arguments"],
      base::Json({"--stdio", "--sensor", base::dump_json(sensor), "--runtime", "odd=" + command}));
}

TEST_F(SshBoard, TheRealAgentMeasuresWithAProgramOfTheCard) {
  base::NullSink events;
  const auto measurement = measure(measuring_card(), events);
  ASSERT_TRUE(measurement) << measurement.error().message;
  EXPECT_EQ(measurement->record["kind"], "measured");
  EXPECT_GE(measurement->record["latency"]["median_s"].get<double>(), 0.002);
  EXPECT_FALSE(measurement->raw.empty());
  EXPECT_EQ(measurement->record["provenance"]["connection"]["kind"], "ssh");
  EXPECT_TRUE(profile::recheck(measurement->record, measurement->raw)->empty());
}

TEST_F(SshBoard, AMeterHereMeasuresTheBoardThere) {
  Card card = measuring_card();
  card.board.meters = *read_meters(*base::ConfigValue::parse_yaml(
      "[{driver: synthetic, kind: gauge, shape: constant, base_w: 5, update_s: 0.02}]", "card"));
  BoardOptions options = this->options();
  options.agent = kRealAgent;
  std::string kept;
  MeasureRequest request = real_request();
  request.raw_sink = [&](std::string_view text) {
    kept += text;
    return base::Status();
  };
  base::NullSink events;
  const auto measurement = make_board(card, options)->measure(request, events, {});
  ASSERT_TRUE(measurement) << measurement.error().message;
  const base::Json& record = measurement->record;
  const double runs_s = record["latency"]["median_s"], gross_j = record["energy"]["gross_j"];
  EXPECT_GT(gross_j, 5 * runs_s * 0.9);
  EXPECT_LT(gross_j, 5 * runs_s * 3);  // what lies between two runs, on a machine that is busy
  EXPECT_NEAR(record["power"]["mean_w"].get<double>(), 5, 1e-6);
  EXPECT_FALSE(record["energy"]["net_j"].is_null());
  EXPECT_EQ(kept, measurement->raw);
  EXPECT_EQ(record["raw"]["sha256"], base::sha256_hex(kept));
  EXPECT_TRUE(record["provenance"]["clock"].is_object());
  EXPECT_TRUE(profile::recheck(record, kept)->empty());
}

TEST_F(SshBoard, AMeterThatCannotBeReadIsToldBeforeAnythingIsMeasured) {
  Card card = measuring_card();
  card.board.meters = *read_meters(
      *base::ConfigValue::parse_yaml("[{driver: ina219, bus: 249, shunt_ohm: 0.1}]", "card"));
  BoardOptions options = this->options();
  options.agent = kRealAgent;
  base::NullSink events;
  const auto measurement = make_board(card, options)->measure(real_request(), events, {});
  ASSERT_FALSE(measurement);
  EXPECT_NE(measurement.error().message.find("i2c-249"), std::string::npos)
      << measurement.error().message;
}

TEST_F(SshBoard, AKilledConnectionIsMadeAgainAndFinishedWindowsAreKept) {
  const FakeAgent agent(R"({"hang_at": {"1": 3}, "clock": 1000})");
  AtWindow events(3, [&] { sshd_->kill_sessions(); });
  const auto measurement = measure(card(agent.program().string()), events);
  ASSERT_TRUE(measurement) << measurement.error().message;
  EXPECT_EQ(windows_of(measurement->raw), kAllWindows);
  const auto asked = agent.noted("measure");
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(windows_of(asked[1]["blob"]), (std::vector<int>{0, 1, 2}));
  const base::Json& provenance = measurement->record["provenance"];
  EXPECT_EQ(provenance["connection"]["reconnects"], 1);
  EXPECT_EQ(events.reconnects, 1);
}

TEST_F(SshBoard, TheClocksAreCompared) {
  const FakeAgent agent(R"({"clock": 1000})");
  base::NullSink events;
  const auto measurement = measure(card(agent.program().string()), events);
  ASSERT_TRUE(measurement) << measurement.error().message;
  const base::Json& clock = measurement->record["provenance"]["clock"];
  const double uncertainty_s = clock["uncertainty_s"];
  EXPECT_NEAR(clock["offset_s"].get<double>(), 1000, uncertainty_s + 1e-6);
  EXPECT_GT(uncertainty_s, 0);
  EXPECT_TRUE(clock["drift"].is_number());
}

TEST_F(SshBoard, AnAgentThatDoesNotTellItsTimeLeavesTheClockOut) {
  const FakeAgent agent(R"({"clock": null})");
  base::NullSink events;
  const auto measurement = measure(card(agent.program().string()), events);
  ASSERT_TRUE(measurement) << measurement.error().message;
  EXPECT_FALSE(measurement->record["provenance"].contains("clock"));
}

TEST_F(SshBoard, AnAgentThatWentAfterAWholeMeasurementIsNotAskedForTheNext) {
  const FakeAgent agent(R"({"leave_at": 1})");
  AtWindow events(-1, [] {});
  const auto board = make_board(card(agent.program().string()), options());
  const auto first = board->measure(real_request(), events, {});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_TRUE(first->record["provenance"]["clock"]["drift"].is_null());
  const auto second = board->measure(real_request(), events, {});
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_TRUE(second->record["provenance"]["clock"]["drift"].is_number());
  EXPECT_EQ(second->record["provenance"]["connection"]["reconnects"], 0);
  EXPECT_EQ(events.reconnects, 0);
}

TEST_F(SshBoard, ABoardThatIsAwayForAWhileIsWaitedFor) {
  const FakeAgent agent(R"({"hang_at": {"1": 2}})");
  class Events final : public base::EventSink {
   public:
    explicit Events(Sshd& sshd) : sshd_(sshd) {}
    void emit(const base::Event& event) override {
      if (event.name == "phase" && event.fields["index"] == 2 && reconnects_ == 0) sshd_.stop();
      if (event.name == "reconnect" && ++reconnects_ == 3) sshd_.start();
    }
    int reconnects_ = 0;

   private:
    Sshd& sshd_;
  } events(*sshd_);
  const auto measurement = measure(card(agent.program().string()), events);
  ASSERT_TRUE(measurement) << measurement.error().message;
  EXPECT_EQ(windows_of(measurement->raw), kAllWindows);
  EXPECT_EQ(measurement->record["provenance"]["connection"]["reconnects"], 3);
}

TEST_F(SshBoard, ABoardThatStaysAwayIsADeviceErrorAfterSoManyTries) {
  const FakeAgent agent(R"({"hang_at": {"1": 2}})");
  AtWindow events(2, [&] { sshd_->stop(); });
  const auto measurement = measure(card(agent.program().string()), events);
  ASSERT_FALSE(measurement);
  EXPECT_EQ(measurement.error().category, ErrorCategory::kDevice);
  EXPECT_NE(measurement.error().message.find("6 tries"), std::string::npos)
      << measurement.error().message;
  EXPECT_EQ(events.reconnects, 6);
}

TEST_F(SshBoard, CancelIsHeardWhileTheBoardIsAway) {
  const FakeAgent agent(R"({"hang_at": {"1": 2}})");
  base::CancelToken cancel;
  class Events final : public base::EventSink {
   public:
    Events(Sshd& sshd, base::CancelToken cancel) : sshd_(sshd), cancel_(std::move(cancel)) {}
    void emit(const base::Event& event) override {
      if (event.name == "phase" && event.fields["index"] == 2) sshd_.stop();
      if (event.name == "reconnect") cancel_.request();
    }

   private:
    Sshd& sshd_;
    base::CancelToken cancel_;
  } events(*sshd_, cancel);
  const auto measurement = measure(card(agent.program().string()), events, cancel);
  ASSERT_FALSE(measurement);
  EXPECT_EQ(measurement.error().category, ErrorCategory::kInterrupted);
}

TEST_F(SshBoard, AKilledDirectorLeavesNoAgentAndNoFile) {
  const auto temporary = base::TemporaryFolder::create("edgetran-test").value();
  const FakeAgent agent(R"({"hang_at": {"1": 2}})");
  const pid_t director = ::fork();
  if (director == 0) {
    ::setenv("TMPDIR", temporary.path().c_str(), 1);
    base::NullSink events;
    static_cast<void>(measure(card(agent.program().string()), events));
    ::_exit(0);
  }
  ASSERT_GT(director, 0);
  EXPECT_TRUE(becomes_true([&] { return agent.noted("measure").size() == 1; })) << sshd_->log();
  EXPECT_TRUE(agent.lives());
  ::kill(director, SIGKILL);
  ::waitpid(director, nullptr, 0);
  EXPECT_TRUE(becomes_true([&] { return !agent.lives(); }));
  EXPECT_TRUE(std::filesystem::is_empty(temporary.path()));
}

}  // namespace
}  // namespace edgetran::device
