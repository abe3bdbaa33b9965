// The helper as a process: how it starts, what rights it keeps, how it ends.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/log.h"
#include "profile/sensors/sensord_process.h"
#include "profile/sensors/sensord_server.h"

namespace edgetran::profile::sensors {
namespace {

using testing::add_zone;
using testing::kPatience_s;
using testing::RawClient;
using testing::sensor_of;
using testing::SensordProcess;
using testing::SysfsTree;

const std::string kEnergy = "/sys/class/powercap/intel-rapl:0/energy_uj";
const std::string kOpen = "open 1 intel-rapl:0/energy_uj";

class SensordLife : public ::testing::Test {
 protected:
  SensordLife() {
    add_zone(tree_, "intel-rapl:0", "package-0", "1000001");
    tree_.refuse(kEnergy, EACCES);
  }
  FoundSensors find() { return testing::driver("powercap-rapl").find(tree_.host()); }
  base::ExitStatus end_of(SensordProcess& sensord) {
    return sensord.child().wait(kPatience_s).value();
  }
  SysfsTree tree_;
};

TEST_F(SensordLife, KeepsOneCapabilityAndNoRoot) {
  const SensordProcess sensord(tree_);
  EXPECT_EQ(sensord.status("NoNewPrivs"), "1");
  EXPECT_EQ(sensord.status("CapInh"), "0000000000000000");
  EXPECT_EQ(sensord.status("CapAmb"), "0000000000000000");
  const bool root = ::geteuid() == 0;
  const std::string one = root ? "0000000000000004" : "0000000000000000";  // CAP_DAC_READ_SEARCH
  EXPECT_EQ(sensord.status("CapPrm"), one);
  EXPECT_EQ(sensord.status("CapEff"), one);
  if (!root) return;
  EXPECT_EQ(sensord.status("CapBnd"), one);
  EXPECT_EQ(sensord.status("Groups"), " ");
  EXPECT_EQ(sensord.status("Uid"), "65534\t65534\t65534\t65534");
  EXPECT_EQ(sensord.status("Gid"), "65534\t65534\t65534\t65534");
}

TEST_F(SensordLife, DoesNotGoOnWhereItCannotDropItsRights) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to have rights";
  base::ProcessOptions options;
  // Root that may not become another user.
  options.arguments = {"setpriv", "--bounding-set", "-setuid",  testing::kSensord.string(),
                       "--root",  tree_.at("/"),    "--socket", tree_.at("/run/s.sock")};
  std::filesystem::create_directories(tree_.at("/run"));
  options.stderr_file = tree_.at("/log");
  auto child = base::ChildProcess::spawn(options).value();
  EXPECT_EQ(child.wait(kPatience_s).value().code, 4);
  EXPECT_THAT(base::read_file(tree_.at("/log")).value(),
              ::testing::HasSubstr("cannot change the user"));
  EXPECT_FALSE(std::filesystem::exists(tree_.at("/run/s.sock")));
}

TEST_F(SensordLife, DoesNotStayRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  SensordProcess sensord(tree_, {"--user", "root"});
  EXPECT_EQ(end_of(sensord).code, 2);
}

TEST_F(SensordLife, EndsCleanlyOnSigterm) {
  SensordProcess sensord(tree_);
  const auto found = find();
  Sensor& sensor = sensor_of(found, "package-0");
  ASSERT_TRUE(sensor.read());
  ::kill(sensord.child().id(), SIGTERM);
  const auto end = end_of(sensord);
  EXPECT_TRUE(end.success()) << end.describe() << sensord.log().text;
  EXPECT_FALSE(std::filesystem::exists(sensord.socket()));
  const auto reading = sensor.read();
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().category, base::ErrorCategory::kDevice);
  EXPECT_THAT(reading.error().hint, ::testing::HasSubstr("gone"));
}

TEST_F(SensordLife, KilledItIsAnErrorAndTheNextOneTakesItsPlace) {
  {
    SensordProcess killed(tree_);
    const auto found = find();
    ::kill(killed.child().id(), SIGKILL);
    end_of(killed);
    EXPECT_FALSE(sensor_of(found, "package-0").read());
    EXPECT_EQ(find().problems.size(), 1U);  // the socket's file is there, and nobody behind it
  }
  const SensordProcess next(tree_);
  EXPECT_EQ(sensor_of(find(), "package-0").read().value().ticks, 1000001U);
}

TEST_F(SensordLife, ALateAnswerIsNotTakenForTheNext) {
  SensordProcess sensord(tree_);
  const auto found = find();
  Sensor& sensor = sensor_of(found, "package-0");
  ::kill(sensord.child().id(), SIGSTOP);
  EXPECT_FALSE(sensor.read());  // gives up after a second
  tree_.write(kEnergy, "2000002");
  ::kill(sensord.child().id(), SIGCONT);
  EXPECT_FALSE(sensor.read());
  EXPECT_EQ(sensor_of(find(), "package-0").read().value().ticks, 2000002U);
}

TEST_F(SensordLife, LeavesAFileThatIsNoSocketAlone) {
  tree_.write(kSensordSocket, "mine");
  SensordProcess sensord(tree_);
  EXPECT_EQ(end_of(sensord).code, 2);
  EXPECT_EQ(base::read_file(sensord.socket()).value(), "mine\n");
}

TEST_F(SensordLife, DoesNotTakeTheSocketOfAnotherThatServes) {
  const SensordProcess first(tree_);
  const std::string before = first.log().text;
  base::ProcessOptions options;
  options.arguments = {testing::kSensord.string(), "--root", tree_.at("/").string(), "--socket",
                       first.socket().string()};
  options.stderr_file = tree_.at("/second.log");
  auto second = base::ChildProcess::spawn(options).value();
  EXPECT_EQ(second.wait(kPatience_s).value().code, 1);
  EXPECT_EQ(first.client().ask(kOpen), "ok");
}

TEST_F(SensordLife, RefusesWrongOptions) {
  for (const std::vector<std::string>& more : {std::vector<std::string>{"--interval-ms", "0"},
                                               {"--user", "no-such-user"},
                                               {"--group", "no-such-group"},
                                               {"--socket", "/" + std::string(200, 's')},
                                               {"--write"}}) {
    if (more[0] == "--user" && ::geteuid() != 0) continue;  // without root there is nothing to drop
    SensordProcess sensord(tree_, more);
    EXPECT_EQ(end_of(sensord).code, 2) << more[0];
  }
}

/// As systemd starts it: a listening socket at descriptor 3, and the variables of sd_listen_fds(3).
constexpr const char* kActivate = R"(
import os, socket, sys
kind = getattr(socket, sys.argv[1])
listener = socket.socket(socket.AF_UNIX, kind)
listener.bind(sys.argv[2])
os.chmod(sys.argv[2], 0o660)
listener.listen()
if listener.fileno() != 3: os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[3], sys.argv[3:])
)";

base::ChildProcess activate(const SysfsTree& tree, const std::string& kind,
                            const std::filesystem::path& socket) {
  base::ProcessOptions options;
  options.arguments = {"python3", "-c",
                       kActivate, kind,
                       socket,    testing::kSensord.string(),
                       "--root",  tree.at("/").string()};
  options.stderr_file = tree.at("/activated.log");
  return std::move(base::ChildProcess::spawn(options).value());
}

TEST_F(SensordLife, ServesTheSocketThatSystemdPassesAndLeavesItsFile) {
  const auto socket = tree_.at("/passed.sock");
  auto child = activate(tree_, "SOCK_SEQPACKET", socket);
  base::SystemClock clock;
  const double until_s = clock.now_s() + kPatience_s;
  std::string answer;
  while (answer.empty() && clock.now_s() < until_s && !child.wait(0.01)) {
    const RawClient client(socket);
    if (client.connected()) answer = client.ask(kOpen);
  }
  EXPECT_EQ(answer, "ok") << base::read_file(tree_.at("/activated.log")).value_or("");
  EXPECT_TRUE(child.stop(kPatience_s).success());
  EXPECT_TRUE(std::filesystem::exists(socket));
}

TEST_F(SensordLife, RefusesAPassedSocketOfAnotherKind) {
  auto child = activate(tree_, "SOCK_STREAM", tree_.at("/passed.sock"));
  EXPECT_EQ(child.wait(kPatience_s).value().code, 2);
}

TEST(SensordServer, SendsAwayAClientThatOpensNothing) {
  SysfsTree tree;
  add_zone(tree, "intel-rapl:0", "package-0", "1");
  auto listener = make_listener(tree.at("/silent.sock"), std::nullopt, std::nullopt).value();
  auto catalogue = SensordCatalogue::open(tree.at("/")).value();
  base::SystemClock clock;
  std::array<int, 2> stop{};
  ASSERT_EQ(::pipe(stop.data()), 0);
  SensordOptions options;
  options.open_within_s = 0.05;
  std::string log;
  SensordServer server(listener, catalogue, options, clock,
                       [&](base::LogLevel, std::string_view text) {
                         log += text;
                         log += '\n';
                         // The last thing that happens: the loop ends.
                         if (text.find("nothing in time") != text.npos) ::close(stop[1]);
                       });
  const RawClient client(listener.path);  // waits in the backlog
  ASSERT_TRUE(server.run(stop[0]));
  ::close(stop[0]);
  EXPECT_EQ(client.receive(), "");
  EXPECT_THAT(log, ::testing::HasSubstr("opened nothing in time"));
}

}  // namespace
}  // namespace edgetran::profile::sensors
