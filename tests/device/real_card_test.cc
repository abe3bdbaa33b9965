// The keys of boards that really measure: ways to them, sensors, runtimes, environment.
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "base/files.h"
#include "device/card.h"
#include "places.h"

namespace edgetran::device {
namespace {

using base::ErrorCategory;

const std::filesystem::path kSource = places::source();
constexpr const char* kHostKey =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

base::Result<Card> read(const std::string& text) {
  EDGETRAN_ASSIGN(const auto value, base::ConfigValue::parse_yaml(text, "card.yaml"));
  return read_card(value);
}

/// A card of a board with these lines, which begins at line 6, and one deployment.
std::string card(const std::string& kind, const std::string& lines,
                 const std::string& runtime = "openvino") {
  return "format: edgetran.device/1\nboard:\n  name: b\n  cores: 4\n  kind: " + kind + "\n" +
         lines + "deployments:\n  - {name: one, runtime: " + runtime +
         ", precision: fp32, threads: 2, batch: 1, length: 8}\n";
}

std::string ssh(const std::string& more) {
  return card("ssh", "  ssh:\n    host: pi.local\n" + more);
}

std::string pinned(const std::string& more) {
  return ssh("    host_key: " + std::string(kHostKey) + "\n" + more);
}

std::string complaint(const std::string& text) {
  const auto card = read(text);
  EXPECT_FALSE(card) << text;
  if (card) return "";
  EXPECT_EQ(card.error().category, ErrorCategory::kUsage);
  EXPECT_NE(card.error().message.find("card.yaml:"), std::string::npos) << card.error().message;
  EXPECT_NE(card.error().message.find('^'), std::string::npos) << card.error().message;
  return card.error().message + "\n" + card.error().hint;
}

constexpr const char* kWhole = R"(format: edgetran.device/1
board:
  name: pi5
  kind: ssh
  description: on the shelf
  processor: Cortex-A76
  cores: 4
  memory_bytes: 8000000000
  ssh:
    host: 10.0.0.7
    user: me
    port: 2222
    identity: ~/.ssh/board
    host_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@pi
    program: ~/bin/edgetran-agent
    options: [ProxyJump=gateway, ciphers=aes128-ctr]
  sensors:
    - {driver: ina219, bus: 1, address: 0x41, shunt_ohm: 0.1, boundary: board-input}
    - {driver: synthetic, shape: square, base_w: 2}
  runtimes:
    onnxruntime: python3 "/opt/my adapters/onnxruntime_runtime.py"
  environment:
    supply: USB-C, 5.1 V
    ambient: 21.5
    Gehäuse: ohne
deployments:
  - {name: cpu, runtime: onnxruntime, precision: fp32, threads: 4, batch: 1, length: 64}
  - {name: npu, runtime: openvino, precision: bf16, threads: 1, batch: 1, length: 64, accelerator: NPU}
)";

TEST(RealCard, IsReadWholeAndWrittenBack) {
  const auto whole = read(kWhole);
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->board.ssh.port, 2222);
  EXPECT_EQ(whole->board.ssh.host_key, kHostKey);  // without the comment
  EXPECT_EQ(whole->board.sensors.size(), 2U);
  EXPECT_EQ(whole->board.environment.at("ambient"), "21.5");
  EXPECT_EQ(whole->deployments[1].accelerator, "NPU");
  const auto again = read(card_yaml(*whole));
  ASSERT_TRUE(again) << again.error().message << card_yaml(*whole);
  EXPECT_EQ(card_json(*again), card_json(*whole));
}

TEST(RealCard, OfATlsBoardIsReadAndWrittenBack) {
  const auto board =
      read(card("tls",
                "  tls: {host: 'fe80::1', port: 7410, certificate: a.pem, key: a.key, "
                "authority: ca.pem, server_name: pi, server_fingerprint: '" +
                    std::string(64, 'A') + "'}\n"));
  ASSERT_TRUE(board) << board.error().message;
  EXPECT_EQ(board->board.tls.server_fingerprint, std::string(64, 'a'));
  const auto again = read(card_yaml(*board));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(card_json(*again), card_json(*board));
}

/// The keys that the schema knows at a place, and those that a card written whole has there.
std::set<std::string> schema_keys(const base::Json& schema) {
  std::set<std::string> keys;
  for (const auto& [key, value] : schema.at("properties").items()) keys.insert(key);
  return keys;
}

std::set<std::string> keys_of(const base::Json& json) {
  std::set<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.insert(key);
  return keys;
}

TEST(RealCard, HasTheKeysOfTheSchema) {
  const auto schema = std::move(
      *base::parse_json(*base::read_file(kSource / "schemas" / "device.schema.json"), "s"));
  const base::Json json = card_json(*read(kWhole));
  EXPECT_EQ(keys_of(json.at("deployments").at(1)), schema_keys(schema["$defs"]["deployment"]));
  std::set<std::string> ssh_keys = keys_of(json["board"]["ssh"]);
  ssh_keys.insert("known_hosts");  // in place of host_key
  EXPECT_EQ(ssh_keys, schema_keys(schema["$defs"]["ssh"]));
  std::set<std::string> board_keys = keys_of(json["board"]);
  for (const auto& key : board_keys) {
    EXPECT_TRUE(schema["properties"]["board"]["properties"].contains(key)) << key;
  }
}

TEST(RealCard, WrongWordsNameTheNearest) {
  EXPECT_NE(complaint(card("sssh", "")).find("\"ssh\""), std::string::npos);
  EXPECT_NE(complaint(card("local", "  sensors: [{driver: ina129, bus: 1}]\n")).find("\"ina219\""),
            std::string::npos);
  EXPECT_NE(complaint(card("local", "  runtimes: {onnxruntime: run}\n", "onnxruntme"))
                .find("\"onnxruntime\""),
            std::string::npos);
  EXPECT_NE(complaint(card("local", "  sensors: [{driver: ina219, bus: 1, shunt_mohm: 100}]\n"))
                .find("\"shunt_ohm\""),
            std::string::npos);
  EXPECT_NE(
      complaint(card("local",
                     "  sensors: [{driver: ina219, bus: 1, shunt_ohm: 1, boundary: bord-input}]"
                     "\n"))
          .find("\"board-input\""),
      std::string::npos);
  EXPECT_NE(complaint(pinned("    prot: 22\n")).find("\"port\""), std::string::npos);
}

TEST(RealCard, AShuntOfZeroIsRefusedAtItsPlaceAsTheDriverDoes) {
  for (const char* ohm : {"0", "-0.1"}) {
    const std::string text = complaint(
        card("local",
             "  sensors:\n    - {driver: ina219, bus: 1, shunt_ohm: " + std::string(ohm) + "}\n"));
    EXPECT_NE(text.find("card.yaml:7:"), std::string::npos) << text;
    EXPECT_NE(text.find("it must be above 0"), std::string::npos) << text;
  }
  EXPECT_NE(complaint(card("local", "  sensors: [{driver: ina219, bus: 1}]\n")).find("shunt_ohm"),
            std::string::npos);
}

TEST(RealCard, ASensorThatTheAgentFindsIsNotDeclared) {
  EXPECT_NE(complaint(card("local", "  sensors: [{driver: powercap-rapl}]\n")).find("finds it"),
            std::string::npos);
}

TEST(RealCard, AHostKeyMustBeAWholePublicKey) {
  for (const char* key :
       {"SHA256:sRK0+qrqH3Trm2YX7UIdv4z9qrmpK6J0iLgl4rBC9s", "ssh-ed25519",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkV",
        "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
        "pi.local ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKL*abgH5C9okWi0dh2l9GKJl"}) {
    EXPECT_NE(complaint(ssh("    host_key: '" + std::string(key) + "'\n")).find("host_key"),
              std::string::npos);
  }
}

TEST(RealCard, TheHostKeyIsGivenOnceAndOnlyOnce) {
  EXPECT_NE(complaint(ssh("")).find("host_key or known_hosts"), std::string::npos);
  EXPECT_NE(complaint(pinned("    known_hosts: file\n")).find("both"), std::string::npos);
}

TEST(RealCard, WhatWouldUndoTheCareOfSshIsRefused) {
  for (const char* option :
       {"StrictHostKeyChecking=no", "stricthostkeychecking=no", "UserKnownHostsFile=/dev/null",
        "ForwardAgent=yes", "LogLevel=QUIET", "NoHostAuthenticationForLocalhost=yes",
        "CanonicalizeHostname=yes", "ProxyCommand=id", "PKCS11Provider=/tmp/x.so", "Match=all",
        "SendEnv=HOME", "Unknown=1"}) {
    const std::string text = complaint(pinned("    options: ['" + std::string(option) + "']\n"));
    EXPECT_NE(text.find("cannot be set"), std::string::npos) << option;
    EXPECT_NE(text.find("ProxyJump"), std::string::npos) << option;
  }
  EXPECT_NE(complaint(pinned("    options: [ProxyJump]\n")).find("NAME=VALUE"), std::string::npos);
}

TEST(RealCard, NothingCanBeTakenForAFlagOrBreakALine) {
  complaint(card("ssh", "  ssh: {host: '-oProxyCommand=id', known_hosts: f}\n"));
  complaint(card("ssh", "  ssh: {host: 'a b', known_hosts: f}\n"));
  complaint(card("ssh", "  ssh: {host: a, user: '-v', known_hosts: f}\n"));
  complaint(card("ssh", "  ssh: {host: a, known_hosts: \"f\\ng\"}\n"));
  complaint(card("ssh", "  ssh: {host: a, known_hosts: 'f\" \"g'}\n"));
  complaint(card("ssh", "  ssh: {host: a, known_hosts: f, port: 0}\n"));
  complaint(card("ssh", "  ssh: {host: a, known_hosts: f, port: 65536}\n"));
}

TEST(RealCard, SectionsBelongToTheirKinds) {
  EXPECT_NE(complaint(card("ssh", "")).find("ssh"), std::string::npos);
  EXPECT_NE(complaint(card("tls", "")).find("tls"), std::string::npos);
  EXPECT_NE(complaint(card("local", "  ssh: {host: a, known_hosts: f}\n")).find("kind: ssh"),
            std::string::npos);
  const auto board = read_card_file(kSource / "devices" / "simulated-board.yaml");
  std::string text = card_yaml(*board);
  text.insert(text.find("  law:"), "  sensors: []\n");
  EXPECT_NE(complaint(text).find("no sensors"), std::string::npos);
}

TEST(RealCard, RuntimesHaveNamesAndCommandsThatTheAgentTakes) {
  complaint(card("local", "  runtimes: {openvino: run}\n"));
  complaint(card("local", "  runtimes: {Onnx: run}\n"));
  complaint(card("local", "  runtimes: {a: ''}\n"));
  complaint(card("local", "  runtimes: {a: 'b \"c'}\n"));
  EXPECT_TRUE(read(card("local", "  runtimes: {a-1: b \"c d\"}\n", "a-1")));
}

}  // namespace
}  // namespace edgetran::device
