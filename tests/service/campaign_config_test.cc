// What a campaign refuses before it touches anything, and what it says.
#include "service/campaign/campaign_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "places.h"
#include "service/campaign/campaign_models.h"
#include "service/campaign_fixture.h"

namespace edgetran::service {
namespace {

using base::ErrorCategory;
using base::Json;
using ::testing::HasSubstr;

class CampaignInputs : public CampaignTest {
 protected:
  /// The error of a run with these arguments after the usual; it must leave no folder.
  base::Error refusal(const Arguments& more) {
    const auto reply = run("out", more);
    EXPECT_FALSE(reply);
    EXPECT_FALSE(std::filesystem::exists(path("out")));
    return reply ? base::Error{} : reply.error();
  }
  CampaignRequest request() {
    CampaignRequest request;
    request.models = path("models.jsonl");
    request.device = {path("board.yaml")};
    request.out = path("out");
    return request;
  }
  Json config_json(const CampaignRequest& request) {
    base::SystemClock clock;
    Context context{.clock = clock, .events = events_, .cancel = {}, .programs = {}, .cache = {}};
    auto config = read_campaign(context, request);
    EXPECT_TRUE(config) << config.error().message;
    return config ? campaign_json(*config) : Json();
  }
};

TEST_F(CampaignInputs, NeedModelsFromOnePlace) {
  EXPECT_THAT(refusal({{"models", ""}}).message, HasSubstr("needs models"));
  EXPECT_THAT(refusal({{"space", "x.yaml"}}).message, HasSubstr("both name models"));
  EXPECT_THAT(refusal({{"count", "3"}}).message, HasSubstr("--count goes with --space"));
  EXPECT_THAT(refusal({{"models", ""}, {"space", "x.yaml"}}).message, HasSubstr("needs --count"));
}

TEST_F(CampaignInputs, RefuseAFileWithoutModels) {
  for (const char* text : {"", "\n  \n"}) {
    write("models.jsonl", text);
    const auto error = refusal({});
    EXPECT_EQ(error.category, ErrorCategory::kUsage);
    EXPECT_THAT(error.message, HasSubstr("names no model"));
  }
  EXPECT_EQ(refusal({{"models", path("missing.jsonl")}}).category, ErrorCategory::kNotFound);
}

TEST_F(CampaignInputs, NameBothLinesOfADesignThatStandsTwice) {
  write("models.jsonl", spec(16) + "\n" + spec(24) + "\n\n" + spec(16) + "\n");
  const auto message = refusal({}).message;
  EXPECT_THAT(message, HasSubstr("models.jsonl:4"));
  EXPECT_THAT(message, HasSubstr("models.jsonl:1"));
}

TEST_F(CampaignInputs, TakeHeadsInAnotherOrderForTheSameDesign) {
  auto swapped = spec(16);
  const std::string heads = R"("sa_sdp","l_dft")";
  swapped.replace(swapped.find(heads), heads.size(), R"("l_dft","sa_sdp")");
  write("models.jsonl", spec(16) + "\n" + swapped + "\n");
  EXPECT_THAT(refusal({}).message, HasSubstr("the same encoder"));
}

TEST_F(CampaignInputs, NameTheLineOfWhatIsNoSpec) {
  write("models.jsonl", spec(16) + "\n{\"layers\": [\n");
  EXPECT_THAT(refusal({}).message, HasSubstr("models.jsonl:2"));
  write("models.jsonl", spec(16) + "\n" + R"({"layer": []})" + "\n");
  EXPECT_THAT(refusal({}).message, HasSubstr("models.jsonl:2"));
  auto unknown = spec(16);
  unknown.replace(unknown.find("sa_sdp"), 6, "sa_spd");
  write("models.jsonl", unknown + "\n");
  const auto error = refusal({});
  EXPECT_THAT(error.message, HasSubstr("models.jsonl:1"));
  EXPECT_THAT(error.message + error.hint, HasSubstr("sa_sdp"));
}

TEST_F(CampaignInputs, TakePublishedDictionariesAndSampledRowsToo) {
  write("models.jsonl", R"({"hash":"x","layers":1,"spec":)" + spec(16) + "}\n" +
                            R"({"l":1,"o":[["sa_sdp_64","c_5_64"]],"h":[128],"f":[[512]]})" + "\n");
  const auto models = read_models_file(path("models.jsonl"));
  ASSERT_TRUE(models) << models.error().message;
  ASSERT_EQ(models->size(), 2U);
  EXPECT_EQ((*models)[0].spec.layers[0].width, 16);
  EXPECT_EQ((*models)[1].spec.layers[0].heads.at(1), "c_5");
}

TEST_F(CampaignInputs, RefuseUnknownDevicesDeploymentsAndProfiles) {
  EXPECT_EQ(refusal({{"device", path("no.yaml")}}).category, ErrorCategory::kNotFound);
  const auto deployment = refusal({{"deployment", "twoo"}});
  EXPECT_EQ(deployment.category, ErrorCategory::kNotFound);
  EXPECT_THAT(deployment.hint, HasSubstr("'two'"));
  const auto profile = refusal({{"profile", "quik"}});
  EXPECT_EQ(profile.category, ErrorCategory::kUsage);
  EXPECT_THAT(profile.hint, HasSubstr("quick"));
}

TEST_F(CampaignInputs, RefuseTwoCardsOfOneBoardAndTwoOfThisMachine) {
  EXPECT_THAT(refusal({{"device", path("board.yaml")}}).message, HasSubstr("two cards"));
  for (const char* name : {"here", "there"}) {
    write(std::string(name) + ".yaml",
          fmt::format("format: edgetran.device/1\nboard: {{name: {}, kind: local, cores: 2}}\n"
                      "deployments:\n  - {{name: one, runtime: openvino, precision: fp32, "
                      "threads: 1, batch: 1, length: 16}}\n",
                      name));
  }
  EXPECT_THAT(refusal({{"device", path("here.yaml")}, {"device", path("there.yaml")}}).message,
              HasSubstr("both this machine"));
}

TEST_F(CampaignInputs, RefuseAModelThatIsShorterThanADeployment) {
  write("models.jsonl", spec(16) + "\n" + spec(24, 8) + "\n");
  const auto message = refusal({}).message;
  EXPECT_THAT(message, HasSubstr("models.jsonl:2"));
  EXPECT_THAT(message, HasSubstr("8 positions"));
  auto shorter = request();
  shorter.length = 8;
  EXPECT_EQ(config_json(shorter).at("models").size(), 2U);
}

TEST_F(CampaignInputs, RefuseMoreModelsThanASpaceHas) {
  write("space.yaml",
        "format: edgetran.space/1\nname: tiny\nlayers: [1]\nwidth: [16, 32]\nheads: [2]\n"
        "head_types: [sa_sdp]\nfeed_forward: {depth: [1], sizes: [16]}\npositions: 16\n");
  const auto error = refusal({{"models", ""}, {"space", path("space.yaml")}, {"count", "5"}});
  EXPECT_THAT(error.message, HasSubstr("gave 2 different encoders"));
  EXPECT_THAT(error.hint, HasSubstr("--count 2"));
}

TEST_F(CampaignInputs, DrawTheSameModelsForTheSameSeed) {
  const std::string space = places::source().string() + "/spaces/demo.yaml";
  const auto ids = [&](uint64_t seed) {
    std::vector<std::string> list;
    const auto models = sample_models(space, 6, seed);
    for (const auto& model : *models) list.push_back(model.id);
    return list;
  };
  EXPECT_EQ(ids(1), ids(1));
  EXPECT_NE(ids(1), ids(2));
}

TEST_F(CampaignInputs, ChooseTheMedianModelAsSentinelAndTheWidestDeploymentForIt) {
  const auto json = config_json(request());
  const auto models = json.at("models");
  std::vector<std::pair<int64_t, std::string>> order;
  for (const auto& model : models) order.emplace_back(model.at("flops"), model.at("model"));
  std::ranges::sort(order);
  EXPECT_EQ(json.at("sentinel").at("model"), order[1].second);
  EXPECT_EQ(json.at("boards").at(0).at("sentinel_deployment"), "two");
}

TEST_F(CampaignInputs, TakeAnotherSentinelThatIsNotMeasuredItself) {
  write("sentinel.json", spec(64));
  auto other = request();
  other.sentinel = path("sentinel.json");
  const auto json = config_json(other);
  for (const auto& model : json.at("models"))
    EXPECT_NE(model.at("model"), json.at("sentinel").at("model"));
}

TEST_F(CampaignInputs, RestrictTheCardsToTheDeploymentsThatAreNamed) {
  auto one = request();
  one.deployment = {"one"};
  const auto json = config_json(one);
  EXPECT_EQ(json.at("boards").at(0).at("card").at("deployments").size(), 1U);
  EXPECT_EQ(json.at("boards").at(0).at("sentinel_deployment"), "one");
}

TEST_F(CampaignInputs, AreReadBackAsTheyWereWritten) {
  const auto json = config_json(request());
  const auto logged = read_logged_campaign(json).value();
  ASSERT_EQ(logged.boards.size(), 1U);
  EXPECT_EQ(logged.boards[0].board, "board");
  EXPECT_THAT(logged.boards[0].deployments, testing::ElementsAre("one", "two"));
  EXPECT_EQ(logged.boards[0].models.size(), 3U);
  EXPECT_EQ(logged.boards[0].sentinel_every, 10);
}

TEST_F(CampaignInputs, OfAnotherFormatOrWithoutABoardAreRefused) {
  auto json = config_json(request());
  json["format"] = "edgetran.campaign/2";
  EXPECT_EQ(read_logged_campaign(json).error().category, ErrorCategory::kUsage);
  json = config_json(request());
  json.erase("boards");
  EXPECT_EQ(read_logged_campaign(json).error().category, ErrorCategory::kCorrupt);
}

/// What is said when a campaign begun as `then` is continued with a change.
class CampaignChange : public CampaignInputs {
 protected:
  std::string change(const std::function<void(CampaignRequest&)>& edit) {
    const auto then = config_json(request());
    auto edited = request();
    edit(edited);
    const auto status = check_same_campaign(then, config_json(edited), "folder");
    EXPECT_FALSE(status);
    if (status) return {};
    EXPECT_EQ(status.error().category, ErrorCategory::kUsage);
    return status.error().message;
  }
};

TEST_F(CampaignChange, IsNoneForTheSameInputsInAnotherOrder) {
  const auto then = config_json(request());
  write("models.jsonl", spec(32) + "\n" + spec(24) + "\n" + spec(16) + "\n");
  EXPECT_TRUE(check_same_campaign(then, config_json(request()), "folder"));
}

TEST_F(CampaignChange, OfASettingIsNamed) {
  EXPECT_THAT(change([](auto& request) { request.seed = 2; }), HasSubstr("seed: 1 there, 2 now"));
  EXPECT_THAT(change([](auto& request) { request.mask = true; }), HasSubstr("mask"));
  EXPECT_THAT(change([](auto& request) { request.sentinel_every = 5; }),
              HasSubstr("sentinel-every: 10 there, 5 now"));
  EXPECT_THAT(change([](auto& request) { request.repeats = 0.5; }), HasSubstr("repeats"));
}

TEST_F(CampaignChange, OfTheModelsIsNamed) {
  EXPECT_THAT(change([&](auto&) {
                write("models.jsonl",
                      spec(16) + "\n" + spec(24) + "\n" + spec(32) + "\n" + spec(40) + "\n");
              }),
              HasSubstr("3 models there, 4 now"));
  write("models.jsonl", spec(16) + "\n" + spec(24) + "\n" + spec(32) + "\n");
  EXPECT_THAT(change([&](auto&) { write("models.jsonl", spec(24) + "\n"); }),
              HasSubstr("3 models there, 1 now"));
}

TEST_F(CampaignChange, OfABoardIsNamed) {
  EXPECT_THAT(change([](auto& request) { request.deployment = {"one"}; }), HasSubstr("board"));
  EXPECT_THAT(change([](auto& request) { request.length = 8; }), HasSubstr("the board board"));
  EXPECT_THAT(change([&](auto&) { write("board.yaml", card("another")); }),
              HasSubstr("another is new"));
}

TEST_F(CampaignChange, OfTheSentinelIsNamed) {
  write("sentinel.json", spec(64));
  EXPECT_THAT(change([&](auto& request) { request.sentinel = path("sentinel.json"); }),
              HasSubstr("sentinel"));
}

TEST(CampaignCommand, IsWhatAShellReadsBack) {
  CampaignRequest request;
  request.models = "my models.jsonl";
  request.device = {"a.yaml", "it's.yaml"};
  request.seed = 4;
  request.mask = true;
  request.out = "out";
  EXPECT_EQ(campaign_command(request),
            R"(edgetran profile run --models 'my models.jsonl' --device a.yaml )"
            R"(--device 'it'\''s.yaml' --mask --seed 4 --out out)");
}

}  // namespace
}  // namespace edgetran::service
