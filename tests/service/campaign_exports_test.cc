#include "service/campaign/campaign_exports.h"

#include <gtest/gtest.h>

#include <future>
#include <vector>

#include "base/hash.h"
#include "device/model_formats.h"

namespace edgetran::service {
namespace {

device::Card card(const std::string& name, device::BoardKind kind) {
  device::Card card;
  card.board.name = name;
  card.board.kind = kind;
  card.deployments = {{.name = "one", .runtime = "any", .precision = "fp32", .length = 16},
                      {.name = "long", .runtime = "any", .precision = "fp32", .length = 32}};
  return card;
}

CampaignModel model(int64_t width) {
  CampaignModel model;
  model.id = std::to_string(width);
  model.spec.vocabulary = 40;
  model.spec.positions = 32;
  model.spec.embedding = width;
  space::LayerSpec layer;
  layer.width = width;
  layer.head_width = 8;
  layer.heads.assign(static_cast<size_t>(width / 8), "sa_sdp");
  layer.feed_forward = {2 * width};
  model.spec.layers = {layer};
  return model;
}

class Exports : public testing::Test {
 protected:
  ExportedModel get(CampaignExports& exports, const std::string& device, int64_t width,
                    bool keep = true) const {
    auto exported =
        exports.get(model(width), hardware_.device(device).value(), device::kOnnxFormat, keep);
    EXPECT_TRUE(exported) << exported.error().message;
    return exported.value();
  }

  // Boards that run models, and one that does not. Nothing is started.
  Hardware hardware_{{card("a", device::BoardKind::kLocal), card("b", device::BoardKind::kLocal),
                      card("law", device::BoardKind::kSimulated)},
                     {}};
};

TEST_F(Exports, AFileIsMadeOnceForAllBoards) {
  CampaignExports exports(hardware_, {.most_files = 9});
  const auto first = get(exports, "a/one", 16);
  EXPECT_EQ(get(exports, "b/one", 16).bytes, first.bytes);
  EXPECT_EQ(exports.made(), 1U);
  EXPECT_EQ(first.digest.sha256, base::sha256_hex(*first.bytes));
  EXPECT_EQ(first.digest.bytes, first.bytes->size());
  EXPECT_NE(get(exports, "b/long", 16).digest.sha256, first.digest.sha256);
  EXPECT_EQ(exports.made(), 2U);
}

TEST_F(Exports, BoardsThatAskAtOnceGetOneFile) {
  CampaignExports exports(hardware_, {.most_files = 9});
  std::vector<std::future<ExportedModel>> asked;
  for (const char* device : {"a/one", "b/one", "law/one", "a/one"}) {
    asked.push_back(
        std::async(std::launch::async, [&, device] { return get(exports, device, 24); }));
  }
  std::vector<ExportedModel> got;
  for (auto& one : asked) got.push_back(one.get());
  EXPECT_EQ(got[0].bytes, got[1].bytes);
  EXPECT_EQ(got[0].bytes, got[3].bytes);
  EXPECT_EQ(got[2].digest.sha256, got[0].digest.sha256);
  EXPECT_LE(exports.made(), 2U);  // once more where the simulated board was the first
}

TEST_F(Exports, OfAFileThatNobodyReadsOnlyItsDigestIsKept) {
  CampaignExports exports(hardware_, {.most_files = 9});
  const auto digest = get(exports, "law/one", 16);
  EXPECT_EQ(digest.bytes, nullptr);
  EXPECT_GT(digest.digest.bytes, 0U);
  get(exports, "law/one", 16);
  EXPECT_EQ(exports.made(), 1U);
  EXPECT_EQ(get(exports, "a/one", 16).digest.sha256, digest.digest.sha256);  // now with its bytes
  EXPECT_EQ(exports.made(), 2U);
}

TEST_F(Exports, FilesOverTheBudgetAreGivenUpOnceNobodyUsesThem) {
  CampaignExports exports(hardware_, {.most_files = 9, .most_bytes = 1});
  {
    const auto first = get(exports, "a/one", 16);
    get(exports, "a/one", 24);
    EXPECT_EQ(get(exports, "b/one", 16).bytes, first.bytes);  // in use, so still there
    EXPECT_EQ(exports.made(), 2U);
  }
  get(exports, "a/one", 24);
  get(exports, "a/one", 16);
  EXPECT_EQ(exports.made(), 4U);
}

TEST_F(Exports, WhatIsNotToBeKeptLivesAsLongAsItsUser) {
  CampaignExports exports(hardware_, {.most_files = 9});
  get(exports, "a/one", 16, false);
  get(exports, "a/one", 16, false);
  EXPECT_EQ(exports.made(), 2U);
}

}  // namespace
}  // namespace edgetran::service
