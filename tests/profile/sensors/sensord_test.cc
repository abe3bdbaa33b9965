// The helper as a process: what it gives out, to whom, and what it bears.
#include <gmock/gmock.h>
#include <grp.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <functional>

#include "profile/sensors/sensord_process.h"

namespace edgetran::profile::sensors {
namespace {

using testing::add_zone;
using testing::channels_of;
using testing::kPatience_s;
using testing::RawClient;
using testing::sensor_of;
using testing::SensordProcess;
using testing::SysfsTree;
using testing::WithoutPrivileges;

const std::string kEnergy = "/sys/class/powercap/intel-rapl:0/energy_uj";
const std::string kOpen = "open 1 intel-rapl:0/energy_uj";

class Sensord : public ::testing::Test {
 protected:
  Sensord() { add_zone(tree_, "intel-rapl:0", "package-0", "1000001"); }
  FoundSensors find() { return testing::driver("powercap-rapl").find(tree_.host()); }
  /// A client that came to its end is no harm to the next.
  static void expect_serves(SensordProcess& sensord) {
    const RawClient next = sensord.client();
    EXPECT_EQ(next.ask(kOpen), "ok");
    EXPECT_EQ(next.ask("read"), "ok 1000001");
  }
  SysfsTree tree_;
};

TEST_F(Sensord, ReadsWhatTheSystemRefuses) {
  tree_.refuse(kEnergy, EACCES);
  ASSERT_EQ(find().problems.size(), 1U);
  SensordProcess sensord(tree_);
  const auto found = find();
  EXPECT_TRUE(found.problems.empty());
  Sensor& sensor = sensor_of(found, "package-0");
  EXPECT_EQ(sensor.info().source, kEnergy);
  EXPECT_EQ(sensor.read().value().ticks, 1000001U);
  tree_.write(kEnergy, "1000002");
  EXPECT_EQ(sensor.read().value().ticks, 1000002U);
}

TEST_F(Sensord, ReadsAFileOfRootsForAMemberOfTheGroup) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to be refused something";
  ::chmod(tree_.at(kEnergy).c_str(), 0400);
  SensordProcess sensord(tree_);
  const WithoutPrivileges user;  // still of the group root, as the socket is
  const auto find_it = testing::driver("powercap-rapl").find;
  const auto found = find_it(tree_.plain_host());
  EXPECT_EQ(sensor_of(found, "package-0").read().value().ticks, 1000001U);
  sensord.child().stop();
  const auto without = find_it(tree_.plain_host());
  ASSERT_EQ(without.problems.size(), 1U);
  EXPECT_EQ(without.problems[0].category, base::ErrorCategory::kPermission);
}

TEST_F(Sensord, ReadsTheOtherFilesOfItsList) {
  const SensordProcess sensord(tree_);
  const RawClient name = sensord.client();
  EXPECT_EQ(name.ask("open 1 intel-rapl:0/name"), "ok");
  EXPECT_EQ(name.ask("read"), "ok package-0");
  const RawClient range = sensord.client();
  EXPECT_EQ(range.ask("open 1 intel-rapl:0/max_energy_range_uj"), "ok");
  EXPECT_EQ(range.ask("read"), "ok 262143328850");
}

TEST_F(Sensord, ServesAZoneThatCameAfterItStarted) {
  SensordProcess sensord(tree_);
  EXPECT_EQ(sensord.client().ask("open 1 intel-rapl:1/energy_uj"), "no not-listed");
  add_zone(tree_, "intel-rapl:1", "package-1", "7");
  const RawClient client = sensord.client();
  EXPECT_EQ(client.ask("open 1 intel-rapl:1/energy_uj"), "ok");
  EXPECT_EQ(client.ask("read"), "ok 7");
}

TEST_F(Sensord, LinksLeadNowhereElse) {
  const auto outside = base::TemporaryFolder::create("outside").value();
  ::chmod(outside.path().c_str(), 0755);
  std::ofstream(outside.path() / "energy_uj") << "42\n";
  const auto folder = tree_.at(kSensordClass);
  std::filesystem::create_directory_symlink(outside.path(), folder / "intel-rapl:1");
  std::filesystem::create_directory_symlink(
      std::filesystem::path("../../../../../../../..") / outside.path().relative_path(),
      folder / "intel-rapl:2");
  std::filesystem::create_directories(folder / "intel-rapl:3");
  std::filesystem::create_symlink(outside.path() / "energy_uj", folder / "intel-rapl:3/energy_uj");
  std::filesystem::create_directories(folder / "intel-rapl:4/energy_uj");
  std::filesystem::create_directories(folder / "intel-rapl:5");
  ASSERT_EQ(::mkfifo((folder / "intel-rapl:5/energy_uj").c_str(), 0644), 0);
  SensordProcess sensord(tree_);
  for (const char* zone : {"1", "2", "3", "4", "5", "6"}) {
    EXPECT_EQ(sensord.client().ask(std::string("open 1 intel-rapl:") + zone + "/energy_uj"),
              "no not-listed")
        << zone;
  }
  expect_serves(sensord);
}

TEST_F(Sensord, WhatIsNoNumberIsNotGivenOut) {
  tree_.write(kEnergy, "root:$6$salt$hash:19000:0:99999:7:::");
  const SensordProcess sensord(tree_);
  const RawClient client = sensord.client();
  EXPECT_EQ(client.ask(kOpen), "ok");
  EXPECT_EQ(client.ask("read"), "no failed");
  tree_.write(kEnergy, "1000001");  // and the connection lives
  EXPECT_EQ(client.ask("read"), "ok 1000001");
  tree_.write_bytes(kEnergy, std::string(64, '1'));
  EXPECT_EQ(client.ask("read"), "no failed");
}

TEST_F(Sensord, AnUnreadableValueIsAnErrorNeverAZero) {
  SensordProcess sensord(tree_);
  tree_.refuse(kEnergy, EACCES);
  const auto found = find();
  tree_.write_bytes(kEnergy, "");
  const auto reading = sensor_of(found, "package-0").read();
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().category, base::ErrorCategory::kDevice);
}

TEST_F(Sensord, PacketsThatAreNoRequestsEndTheirClientAlone) {
  SensordProcess sensord(tree_);
  const RawClient bystander = sensord.client();
  ASSERT_EQ(bystander.ask(kOpen), "ok");
  for (const std::string& packet :
       {std::string("read"), std::string("open 1 /etc/shadow"), std::string("\0\0\0\0", 4),
        std::string("open 1 intel-rapl:0/../../../../../etc/shadow"), std::string(129, 'r'),
        std::string(100'000, '\xff'), std::string("open 1 intel-rapl:0/energy_uj\0", 30)}) {
    const RawClient client = sensord.client();
    EXPECT_EQ(client.ask(packet), "") << packet.substr(0, 40);
    EXPECT_EQ(bystander.ask("read"), "ok 1000001");
  }
  EXPECT_TRUE(sensord.logs("sent 129 bytes that are no request"));
}

TEST_F(Sensord, AFileIsOpenedOnceAConnection) {
  const SensordProcess sensord(tree_);
  const RawClient client = sensord.client();
  EXPECT_EQ(client.ask(kOpen), "ok");
  EXPECT_EQ(client.ask(kOpen), "");
}

TEST_F(Sensord, LogsWhoConnects) {
  SensordProcess sensord(tree_);
  const RawClient client = sensord.client();
  EXPECT_EQ(client.ask(kOpen), "ok");
  EXPECT_TRUE(
      sensord.logs("pid " + std::to_string(::getpid()) + ", uid " + std::to_string(::geteuid())));
  EXPECT_TRUE(sensord.logs("reads intel-rapl:0/energy_uj"));
}

TEST_F(Sensord, ReadingsAreAnIntervalApartForAllClientsTogether) {
  constexpr int kReadings = 40;
  constexpr double kInterval_s = 5e-3;
  const SensordProcess sensord(tree_, {"--interval-ms", "5"});
  const RawClient first = sensord.client();
  const RawClient second = sensord.client();
  ASSERT_EQ(first.ask(kOpen), "ok");
  ASSERT_EQ(second.ask(kOpen), "ok");
  base::SystemClock clock;
  const double start_s = clock.now_s();
  // In turn, never both at once: each answer is a reading of its own.
  for (int i = 0; i < kReadings; ++i) {
    ASSERT_EQ((i % 2 == 0 ? first : second).ask("read"), "ok 1000001");
  }
  EXPECT_GE(clock.now_s() - start_s, (kReadings - 1) * kInterval_s);
}

TEST_F(Sensord, ClientsThatWaitForOneCounterAllGetIt) {
  const SensordProcess sensord(tree_);
  std::vector<RawClient> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(sensord.client());
  for (const RawClient& client : clients) ASSERT_EQ(client.ask(kOpen), "ok");
  for (int round = 0; round < 20; ++round) {
    for (const RawClient& client : clients) ASSERT_TRUE(client.send("read"));
    for (const RawClient& client : clients) ASSERT_EQ(client.receive(), "ok 1000001");
  }
}

TEST_F(Sensord, AFloodOfRequestsIsAnsweredAtItsPace) {
  constexpr int kRequests = 50;
  constexpr double kInterval_s = 5e-3;
  SensordProcess sensord(tree_, {"--interval-ms", "5"});
  const RawClient client = sensord.client();
  ASSERT_EQ(client.ask(kOpen), "ok");
  base::SystemClock clock;
  const double start_s = clock.now_s();
  int sent = 0;
  while (sent < kRequests &&
         ::send(client.descriptor(), "read", 4, MSG_NOSIGNAL | MSG_DONTWAIT) == 4) {
    ++sent;
  }
  ASSERT_GT(sent, 2);
  for (int i = 0; i < sent; ++i) ASSERT_EQ(client.receive(), "ok 1000001");
  EXPECT_GE(clock.now_s() - start_s, (sent - 1) * kInterval_s);
  expect_serves(sensord);
}

TEST_F(Sensord, AClientThatNeverReadsIsDropped) {
  SensordProcess sensord(tree_);
  const RawClient client = sensord.client();
  ASSERT_EQ(client.ask(kOpen), "ok");
  // Its side is full after some hundred answers, and that is the end of it.
  constexpr int kFar = 100'000;
  int sent = 0;
  while (sent < kFar && client.send("read")) ++sent;
  EXPECT_LT(sent, kFar);
  EXPECT_TRUE(sensord.logs("does not read its answers"));
  expect_serves(sensord);
}

TEST_F(Sensord, ClientsThatLeaveInTheMiddleAreForgotten) {
  SensordProcess sensord(tree_);
  for (int i = 0; i < 100; ++i) {
    const RawClient client = sensord.client();
    ASSERT_TRUE(client.send(kOpen));
    ASSERT_TRUE(client.send("read"));
  }
  expect_serves(sensord);
}

TEST_F(Sensord, TheClientsOfAUserAreBounded) {
  SensordProcess sensord(tree_);
  std::vector<RawClient> clients;
  constexpr int kMost = 32;
  for (int i = 0; i < kMost; ++i) {
    clients.push_back(sensord.client());
    ASSERT_EQ(clients.back().ask(kOpen), "ok");
  }
  const RawClient one_more = sensord.client();
  EXPECT_EQ(one_more.receive(), "no busy");
  EXPECT_EQ(one_more.receive(), "");
  clients.pop_back();
  EXPECT_TRUE(sensord.logs(": left"));
  expect_serves(sensord);
}

TEST_F(Sensord, TheSocketIsForItsGroupOnly) {
  const SensordProcess sensord(tree_);
  struct stat status {};
  ASSERT_EQ(::stat(sensord.socket().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0660U);
}

/// Runs `work` as another user in a process of its own; its result.
int as_user(uid_t uid, const std::vector<gid_t>& groups, const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool changed = ::setgroups(groups.size(), groups.data()) == 0 &&
                         ::setresgid(uid, uid, uid) == 0 && ::setresuid(uid, uid, uid) == 0;
    ::_exit(changed ? work() : 100);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 101;
}

TEST_F(Sensord, AdmitsByFurtherGroupsToo) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to be other users";
  constexpr uid_t kStranger = 65533;
  SensordProcess sensord(tree_, {"--group", "daemon"});
  struct stat status {};
  ASSERT_EQ(::stat(sensord.socket().c_str(), &status), 0);
  ASSERT_NE(status.st_gid, 0U);
  const auto serves = [&] { return sensord.client().ask(kOpen) == "ok" ? 0 : 1; };
  EXPECT_EQ(as_user(kStranger, {7, status.st_gid}, serves), 0);
  const auto refused = [&] { return sensord.client().connected() ? 1 : 0; };
  EXPECT_EQ(as_user(kStranger, {7}, refused), 0);
}

TEST_F(Sensord, RefusesStrangersEvenIfTheSocketIsOpenToAll) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to be other users";
  SensordProcess sensord(tree_);
  ::chmod(sensord.socket().c_str(), 0666);
  const auto refused = [&] {
    const RawClient client = sensord.client();
    return client.connected() && client.ask(kOpen).empty() ? 0 : 1;
  };
  EXPECT_EQ(as_user(65533, {}, refused), 0);
  EXPECT_TRUE(sensord.logs("not in the socket's group"));
}

}  // namespace
}  // namespace edgetran::profile::sensors
