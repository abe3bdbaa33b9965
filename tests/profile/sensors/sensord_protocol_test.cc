#include "profile/sensors/sensord_protocol.h"

#include <gtest/gtest.h>

namespace edgetran::profile::sensors {
namespace {

using Verb = SensordRequest::Verb;

TEST(SensordProtocol, NamesAreFilesOfPowerZones) {
  for (const char* name : {"intel-rapl:0/energy_uj", "intel-rapl:0:1/max_energy_range_uj",
                           "intel-rapl-mmio:0/name", "intel-rapl:a:f:10/energy_uj"}) {
    EXPECT_TRUE(is_sensord_name(name)) << name;
  }
}

TEST(SensordProtocol, NothingElseIsAName) {
  const std::string long_zone = "intel-rapl" + std::string(200, 'x') + ":0/energy_uj";
  for (const std::string& name : {std::string("/etc/shadow"),
                                  std::string("../../etc/shadow"),
                                  std::string(),
                                  std::string("intel-rapl:0/../../../../etc/shadow"),
                                  std::string("intel-rapl:0"),
                                  std::string("intel-rapl:../energy_uj"),
                                  std::string("intel-rapl/energy_uj"),
                                  std::string("intel-rapl:0/energy_uj/"),
                                  std::string("intel-rapl:0//energy_uj"),
                                  std::string("intel-rapl:0/constraint_0_power_limit_uw"),
                                  std::string("intel-rapl:0/enabled"),
                                  std::string("dtpm:0/energy_uj"),
                                  std::string("intel-rapl:/energy_uj"),
                                  std::string("intel-rapl:0:1:2:3/energy_uj"),
                                  std::string("intel-rapl:00000/energy_uj"),
                                  std::string("intel-rapl:0/energy_uj\0", 23),
                                  std::string("intel-rapl:0/energy_uj\n"),
                                  std::string("intel-rapl:G/energy_uj"),
                                  std::string("INTEL-RAPL:0/energy_uj"),
                                  long_zone}) {
    EXPECT_FALSE(is_sensord_name(name)) << name;
  }
}

TEST(SensordProtocol, RequestsAreReadAsTheyAreWritten) {
  const std::string packet = sensord_open_request("intel-rapl:0:1/energy_uj");
  const auto opened = parse_sensord_request(packet);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->verb, Verb::kOpen);
  EXPECT_EQ(opened->name, "intel-rapl:0:1/energy_uj");
  const auto read = parse_sensord_request(sensord_read_request());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->verb, Verb::kRead);
}

TEST(SensordProtocol, OtherPacketsAreNoRequests) {
  for (const char* packet : {"", "read\n", "READ", "read intel-rapl:0/energy_uj", "open",
                             "open 2 intel-rapl:0/energy_uj", "open 1 /etc/shadow", "open 1 ",
                             "open 1  intel-rapl:0/energy_uj", "write", "ok"}) {
    EXPECT_FALSE(parse_sensord_request(packet)) << packet;
  }
}

TEST(SensordProtocol, RepliesAreReadAsTheyAreWritten) {
  for (const auto status : {SensordStatus::kNotListed, SensordStatus::kBusy, SensordStatus::kGone,
                            SensordStatus::kFailed}) {
    const std::string packet = sensord_reply(status, "no text goes with a refusal");
    const auto reply = parse_sensord_reply(packet);
    ASSERT_TRUE(reply) << packet;
    EXPECT_EQ(reply->status, status);
    EXPECT_EQ(reply->text, "");
  }
  const std::string value = sensord_reply(SensordStatus::kOk, "262143328850");
  EXPECT_EQ(parse_sensord_reply(value)->text, "262143328850");
  EXPECT_EQ(parse_sensord_reply(sensord_reply(SensordStatus::kOk))->status, SensordStatus::kOk);
}

TEST(SensordProtocol, OtherPacketsAreNoReplies) {
  for (const char* packet : {"", "o", "okay", "no", "no busy ", "no such", "OK 1"}) {
    EXPECT_FALSE(parse_sensord_reply(packet)) << packet;
  }
}

TEST(SensordProtocol, TheLongestMessagesFitAPacket) {
  const std::string name = "intel-rapl-mmio:ffff:ffff:ffff/max_energy_range_uj";
  ASSERT_TRUE(is_sensord_name(name));
  EXPECT_LE(sensord_open_request(name).size(), kSensordPacketBytes);
  // What the catalogue lets through is under 64 bytes.
  EXPECT_LE(sensord_reply(SensordStatus::kOk, std::string(64, '9')).size(), kSensordPacketBytes);
}

}  // namespace
}  // namespace edgetran::profile::sensors
