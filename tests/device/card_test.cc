#include "device/card.h"

#include <gtest/gtest.h>

#include "device/detect.h"
#include "device/roofline.h"
#include "places.h"

namespace edgetran::device {
namespace {

using base::ErrorCategory;

const std::filesystem::path kSource = places::source();

base::Result<Card> read(const std::string& text) {
  EDGETRAN_ASSIGN(const auto value, base::ConfigValue::parse_yaml(text, "card.yaml"));
  return read_card(value);
}

std::string local_card(const std::string& deployment) {
  return "format: edgetran.device/1\n"
         "board:\n"
         "  name: b\n"
         "  kind: local\n"
         "  cores: 2\n"
         "deployments:\n" +
         deployment;
}

constexpr const char* kGood =
    "  - {name: one, runtime: openvino, precision: fp32, threads: 2, batch: 1, length: 8}\n";

TEST(Card, TheShippedBoardIsReadAndWrittenBack) {
  const auto card = read_card_file(kSource / "devices" / "simulated-board.yaml");
  ASSERT_TRUE(card) << card.error().message;
  EXPECT_EQ(card->board.name, "simulated-board");
  EXPECT_EQ(card->deployments.size(), 3U);
  const auto again = read(card_yaml(*card));
  ASSERT_TRUE(again) << again.error().message << "\n" << card_yaml(*card);
  EXPECT_EQ(card_json(*again), card_json(*card));
}

TEST(Card, MistakesAreShownAtTheirPlaceWithACaret) {
  struct Case {
    std::string text;
    std::string place;
    std::string word;
  };
  for (const Case& wrong : {
           Case{local_card("  - {name: one, runtime: openvino, precision: fp32, threds: 2, batch: "
                           "1, length: 8}\n"),
                "card.yaml:7", "threads"},
           Case{local_card("  - {name: one, runtime: openvno, precision: fp32, threads: 2, batch: "
                           "1, length: 8}\n"),
                "card.yaml:7", "openvino"},
           Case{local_card("  - {name: one, runtime: openvino, precision: fp17, threads: 2, batch: "
                           "1, length: 8}\n"),
                "card.yaml:7", "fp16"},
           Case{local_card("  - {name: one, runtime: openvino, precision: fp32, threads: 3, batch: "
                           "1, length: 8}\n"),
                "card.yaml:7", "3"},
           Case{local_card("  - {name: one, runtime: openvino, precision: fp32, threads: 2, batch: "
                           "0, length: 8}\n"),
                "card.yaml:7", "0"},
           Case{local_card("  - {name: one, runtime: simulated, precision: fp32, threads: 2, "
                           "batch: 1, length: 8}\n"),
                "card.yaml:7", "simulated"},
           Case{local_card(std::string(kGood) + kGood), "card.yaml:8", "twice"},
           Case{local_card("  []\n"), "card.yaml:7", "deployment"},
       }) {
    const auto card = read(wrong.text);
    ASSERT_FALSE(card) << wrong.text;
    EXPECT_EQ(card.error().category, ErrorCategory::kUsage);
    const std::string all = card.error().message + card.error().hint;
    EXPECT_NE(all.find(wrong.place), std::string::npos) << all;
    EXPECT_NE(all.find(wrong.word), std::string::npos) << all;
    EXPECT_NE(all.find('^'), std::string::npos) << all;
  }
}

std::string board_named(const std::string& name) {
  return "format: edgetran.device/1\nboard: {name: \"" + name +
         "\", kind: local, cores: 2}\ndeployments:\n" + kGood;
}

TEST(Card, ANameIsPrintableTextOnOneLine) {
  for (const char* name :
       {"a\\nb", "a\\e[31mb", "a\\0b", "a\\u009b31m", "\\u202Eabc", "a\\u2028b"}) {
    const auto card = read(board_named(name));
    ASSERT_FALSE(card) << name;
    EXPECT_EQ(card.error().category, ErrorCategory::kUsage);
    EXPECT_NE(card.error().message.find("card.yaml:2:15: name"), std::string::npos)
        << card.error().message;
  }
  const auto deployment =
      read(local_card("  - {name: \"a\\tb\", runtime: openvino, precision: fp32, threads: 2, "
                      "batch: 1, length: 8}\n"));
  ASSERT_FALSE(deployment);
  EXPECT_NE(deployment.error().message.find("card.yaml:7"), std::string::npos);
}

TEST(Card, ANameHasAtMostAHundredCharacters) {
  std::string name;
  for (int i = 0; i < 100; ++i) name += "ü";
  EXPECT_TRUE(read(board_named(name)));
  const auto card = read(board_named(name + "x"));
  ASSERT_FALSE(card);
  EXPECT_NE(card.error().message.find("101 characters; at most 100"), std::string::npos)
      << card.error().message;
}

TEST(Card, ASimulatedBoardNeedsItsLaw) {
  const auto card = read(
      "format: edgetran.device/1\nboard: {name: b, kind: simulated, cores: 1}\ndeployments: []\n");
  ASSERT_FALSE(card);
  EXPECT_NE(card.error().message.find("law"), std::string::npos);
}

TEST(Card, AnUnknownDeploymentNamesTheNearest) {
  const auto card = read(local_card(kGood));
  ASSERT_TRUE(card) << card.error().message;
  const auto deployment = card->deployment("onne");
  ASSERT_FALSE(deployment);
  EXPECT_EQ(deployment.error().category, ErrorCategory::kNotFound);
  EXPECT_NE(deployment.error().hint.find("one"), std::string::npos);
}

Detected detect(const std::string& fixture, int64_t affinity) {
  DetectOptions options;
  options.root = kSource / "tests" / "device" / "fixtures" / fixture;
  options.affinity_cores = affinity;
  auto detected = detect_this_machine(options);
  EXPECT_TRUE(detected) << detected.error().message;
  return detected.value_or(Detected{});
}

std::vector<std::string> names(const Detected& detected) {
  std::vector<std::string> list;
  for (const Deployment& deployment : detected.card.deployments) list.push_back(deployment.name);
  return list;
}

TEST(Detect, TwoCoresWithBf16GiveThreeDeployments) {
  const Detected detected = detect("two_cores_bf16", 2);
  EXPECT_EQ(names(detected),
            (std::vector<std::string>{"cpu-1t-fp32", "cpu-2t-fp32", "cpu-2t-bf16"}));
  EXPECT_TRUE(detected.notes.empty());
  EXPECT_EQ(detected.card.board.processor, "AMD EPYC 9R14");
  EXPECT_EQ(detected.card.board.memory_bytes, int64_t{8000000} * 1024);
  EXPECT_TRUE(read(card_yaml(detected.card))) << card_yaml(detected.card);
}

TEST(Detect, OneCoreWithoutBf16GivesOneDeploymentAndSaysWhy) {
  const Detected detected = detect("one_core_arm", 1);
  EXPECT_EQ(names(detected), std::vector<std::string>{"cpu-1t-fp32"});
  EXPECT_EQ(detected.notes.size(), 2U);
}

TEST(Detect, ACgroupQuotaAndTheAffinityLimitTheCores) {
  EXPECT_EQ(detect("quota", 4).card.board.cores, 1);
  EXPECT_EQ(detect("quota", 4).card.board.memory_bytes, 1073741824);
  EXPECT_EQ(detect("two_cores_bf16", 1).card.board.cores, 1);
  EXPECT_FALSE(detect("quota", 4).notes.empty());
}

TEST(Detect, WithoutProcIsADeviceError) {
  DetectOptions options;
  options.root = kSource / "tests" / "device" / "fixtures" / "nothing";
  const auto detected = detect_this_machine(options);
  ASSERT_FALSE(detected);
  EXPECT_EQ(detected.error().category, ErrorCategory::kDevice);
}

TEST(Roofline, IsTheSumOfLaunchesAndTheSlowerOfTheTwoRoofs) {
  SimulatedBoardLaw law;
  law.peak_flop_per_s = 1e9;
  law.bandwidth_bytes_per_s = 1e8;
  law.launch_overhead_s = 1e-5;
  law.thread_efficiency = 0.5;
  law.load_bytes_per_s = 1e6;
  law.precisions = {{"fp32", 1, 1}, {"bf16", 4, 0.5}};
  Deployment deployment;
  deployment.precision = "fp32";
  deployment.threads = 3;  // 1 + 2 * 0.5 = 2 cores' worth
  const CostSummary compute_bound{
      .flops = 4'000'000, .bytes_moved = 100, .nodes = 10, .peak_activation_bytes = 1000};
  const auto compute = roofline(law, deployment, compute_bound, 500'000);
  EXPECT_NEAR(compute->run_s, 1e-4 + 2e-3, 1e-12);
  EXPECT_NEAR(compute->load_s, 0.5, 1e-12);
  EXPECT_EQ(compute->memory_bytes, 501'000U);
  deployment.precision = "bf16";
  EXPECT_NEAR(roofline(law, deployment, compute_bound, 0)->run_s, 1e-4 + 5e-4, 1e-12);
  const CostSummary memory_bound{
      .flops = 1, .bytes_moved = 1'000'000, .nodes = 0, .peak_activation_bytes = 0};
  EXPECT_NEAR(roofline(law, deployment, memory_bound, 0)->run_s, 5e-3, 1e-12);
  deployment.precision = "int8";
  EXPECT_FALSE(roofline(law, deployment, memory_bound, 0));
}

}  // namespace
}  // namespace edgetran::device
