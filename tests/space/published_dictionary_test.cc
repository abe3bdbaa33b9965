#include <gmock/gmock.h>

#include <filesystem>

#include "base/files.h"
#include "places.h"
#include "space/model_spec.h"
#include "space_fixture.h"

namespace edgetran::space {
namespace {

using testing::HasSubstr;

constexpr std::string_view kPublished =
    R"({"l":2,"o":[["sa_sdp_64","c_5_64"],["l_dft_10","sa_wma_10"]],"h":[128,256],)"
    R"("f":[[1024],[512,256]]})";

TEST(PublishedDictionary, Reads) {
  const ModelSpec spec = value_of(try_spec(kPublished));
  EXPECT_EQ(spec.position, PositionKind::kRelativeKey) << "as published";
  EXPECT_EQ(spec.embedding, 128);
  ASSERT_EQ(spec.layers.size(), 2U);
  EXPECT_EQ(spec.layers[0], (LayerSpec{128, 64, {"sa_sdp", "c_5"}, {1024}}));
  EXPECT_EQ(spec.layers[1], (LayerSpec{256, 10, {"l_dft", "sa_wma"}, {512, 256}}));
}

TEST(PublishedDictionary, WritesWhatItRead) {
  const ModelSpec spec = value_of(try_spec(kPublished));
  EXPECT_EQ(base::dump_json(value_of(published_dictionary(spec))), kPublished);
}

TEST(PublishedDictionary, SaysWhatItHasNoWordsFor) {
  const ModelSpec spec = value_of(try_spec(kPublished));
  const auto refused = [&](auto change) {
    ModelSpec other = spec;
    change(other);
    return error_of(published_dictionary(other));
  };
  EXPECT_THAT(refused([](ModelSpec& s) { s.position = PositionKind::kAbsolute; }),
              HasSubstr("position is absolute"));
  EXPECT_THAT(refused([](ModelSpec& s) { s.vocabulary = 99; }), HasSubstr("vocabulary is 99"));
  EXPECT_THAT(refused([](ModelSpec& s) { s.positions = 99; }), HasSubstr("positions is 99"));
  EXPECT_THAT(refused([](ModelSpec& s) { s.types = 1; }), HasSubstr("types is 1"));
  EXPECT_THAT(refused([](ModelSpec& s) { s.embedding = 99; }), HasSubstr("embedding is 99"));
}

struct Bad {
  const char* name;
  const char* json;
  const char* says;
};
class PublishedDictionaryRefuses : public testing::TestWithParam<Bad> {};

TEST_P(PublishedDictionaryRefuses, WithItsPlace) {
  const auto spec = try_spec(GetParam().json);
  ASSERT_FALSE(spec.has_value());
  EXPECT_THAT(error_of(spec), HasSubstr("spec.json:1:"));
  EXPECT_THAT(error_of(spec), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Forms, PublishedDictionaryRefuses,
    testing::Values(
        Bad{"more_layers_than_l", R"({"l":1,"o":[["sa_sdp_4"],["sa_sdp_4"]],"h":[8],"f":[[8]]})",
            "o has 2 items, but l is 1"},
        Bad{"mixed_head_widths", R"({"l":1,"o":[["sa_sdp_4","l_dft_8"]],"h":[8],"f":[[8]]})",
            "one width"},
        Bad{"no_head_width", R"({"l":1,"o":[["sa_sdp"]],"h":[8],"f":[[8]]})", "published head"},
        Bad{"zero_head_width", R"({"l":1,"o":[["sa_sdp_0"]],"h":[8],"f":[[8]]})", "published head"},
        Bad{"huge_head_width", R"({"l":1,"o":[["sa_sdp_99999999999999999999"]],"h":[8],"f":[[8]]})",
            "published head"},
        Bad{"trailing_junk", R"({"l":1,"o":[["sa_sdp_4x"]],"h":[8],"f":[[8]]})", "published head"},
        Bad{"zero_width", R"({"l":1,"o":[["sa_sdp_4"]],"h":[0],"f":[[8]]})", "0"},
        Bad{"empty_stack", R"({"l":1,"o":[["sa_sdp_4"]],"h":[8],"f":[[]]})", "feed-forward"},
        Bad{"zero_layers", R"({"l":0,"o":[],"h":[],"f":[]})", "0"},
        Bad{"missing_f", R"({"l":1,"o":[["sa_sdp_4"]],"h":[8]})", "f"},
        Bad{"unknown_key", R"({"l":1,"o":[["sa_sdp_4"]],"h":[8],"f":[[8]],"g":1})", "g"}),
    [](const auto& test) { return test.param.name; });

// The measured models of the publication: every one is read, is a member of FlexiBERT 2.0, and
// is written back as it was.
TEST(PublishedDictionary, TakesThePublishedModels) {
  const std::filesystem::path folder = places::source() / "../shared/data/protran";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no published measurements here";
  const DesignSpace flexibert = shipped_space("flexibert2.yaml");
  int64_t models = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    const std::string text = value_of(base::read_file(entry.path()));
    const base::Json file = value_of(base::parse_json(text, entry.path().string()));
    for (const auto& [hash, row] : file.items()) {
      const base::Json& dictionary = row.at("model_dict");
      const ModelSpec spec =
          value_of(read_model_spec(base::ConfigValue::from_json(dictionary, hash)));
      EXPECT_EQ(value_of(published_dictionary(spec)), dictionary) << hash;
      for (const Reason& reason : flexibert.explain(spec)) {
        ADD_FAILURE() << entry.path() << " " << hash << ": " << reason.message();
      }
      ++models;
    }
  }
  EXPECT_GT(models, 500);
}

}  // namespace
}  // namespace edgetran::space
