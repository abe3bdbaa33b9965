#include "space/design_space.h"

#include <gmock/gmock.h>

#include "space_fixture.h"

namespace edgetran::space {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> messages(const DesignSpace& space, const ModelSpec& spec) {
  std::vector<std::string> messages;
  for (const Reason& reason : space.explain(spec)) messages.push_back(reason.message());
  return messages;
}

/// kTinySpace with the line of `key` replaced.
std::string tiny_with(const std::string& key, const std::string& line) {
  std::string text(kTinySpace);
  const size_t begin = text.find(key + ":");
  return text.replace(begin, text.find('\n', begin) - begin, line);
}

ModelSpec tiny_member() {
  return value_of(try_spec(R"({"vocabulary": 100, "positions": 16, "layers": [
    {"width": 4, "heads": ["l_dft", "sa_sdp"], "feed_forward": [16]},
    {"width": 8, "heads": ["sa_sdp"], "feed_forward": [32, 16]}]})"));
}

TEST(HeadMultisets, AreCombinationsWithRepetition) {
  EXPECT_EQ(head_multisets(2, 7), 28U);
  EXPECT_EQ(head_multisets(12, 7), 18564U);
  EXPECT_EQ(head_multisets(5, 1), 1U);
  EXPECT_EQ(
      head_multisets(2, 7) + head_multisets(4, 7) + head_multisets(8, 7) + head_multisets(12, 7),
      21805U)
      << "the published number of head multisets of a layer";
}

TEST(DesignSpace, Flexibert2HasThePublishedNumberOfEncoders) {
  const DesignSpace space = shipped_space("flexibert2.yaml");
  EXPECT_EQ(space.layer_choices().digits(), std::to_string(uint64_t{4} * 21805 * 258));
  EXPECT_NEAR(space.size().approximate() / 1.69e88, 1, 0.005);
}

TEST(DesignSpace, SizeCountsEveryChoice) {
  const DesignSpace tiny = value_of(try_space(kTinySpace));
  // A layer: 2 widths, 2 + 3 multisets, 2 + 4 stacks.
  EXPECT_EQ(tiny.layer_choices().digits(), "60");
  EXPECT_EQ(tiny.size().digits(), "3660");  // 60 + 60^2
  DesignSpace wider = tiny;
  wider.head_widths = {2, 3, 4};
  wider.embeddings = {4, 8};
  wider.position = {PositionKind::kAbsolute, PositionKind::kRelativeKey};
  EXPECT_EQ(wider.layer_choices().digits(), "180");
  EXPECT_EQ(wider.size().digits(), std::to_string((180 + 180 * 180) * 4));
}

TEST(DesignSpace, DemoSpaceIsReadAndSmall) {
  const DesignSpace demo = shipped_space("demo.yaml");
  // A layer: 4 widths, 2 head numbers of one type, 3 + 9 stacks: 96.
  EXPECT_EQ(demo.size().digits(), std::to_string(96 + 96 * 96 + 96 * 96 * 96));
}

TEST(DesignSpace, ItsJsonReadsBackToTheSame) {
  for (const char* name : {"flexibert2.yaml", "demo.yaml"}) {
    const DesignSpace space = shipped_space(name);
    const auto value = base::ConfigValue::from_json(design_space_json(space), name);
    EXPECT_EQ(value_of(read_design_space(value)), space);
  }
}

TEST(DesignSpace, SortsItsChoices) {
  const DesignSpace space = value_of(try_space(tiny_with("width", "width: [8, 4]")));
  EXPECT_THAT(space.widths, ElementsAre(4, 8));
}

TEST(DesignSpace, HasMembersWhateverTheOrderOfHeads) {
  const DesignSpace space = value_of(try_space(kTinySpace));
  ModelSpec spec = tiny_member();
  EXPECT_TRUE(space.contains(spec));
  std::swap(spec.layers[0].heads[0], spec.layers[0].heads[1]);
  EXPECT_TRUE(space.contains(spec));
}

TEST(DesignSpace, ExplainsEachReasonWithItsPath) {
  const DesignSpace space = value_of(try_space(kTinySpace));
  ModelSpec spec = tiny_member();
  spec.vocabulary = 99;
  spec.embedding = 5;
  spec.layers[0].heads[1] = "c_5";
  spec.layers[0].feed_forward = {16, 48};
  spec.layers[1].width = 300;
  EXPECT_THAT(
      messages(space, spec),
      ElementsAre(
          "vocabulary: 99, allowed 100", "embedding: 5, allowed 4 (the first layer's width)",
          "layers.0.heads.1: c_5, allowed sa_sdp, l_dft",
          "layers.0.feed_forward.1: 48, allowed 16, 32", "layers.1.width: 300, allowed 4, 8",
          "layers.1.head_width: 8, allowed 300 (width 300 / 1 heads, rounded down)"));
}

TEST(DesignSpace, ExplainsNumbersOfThings) {
  const DesignSpace space = value_of(try_space(kTinySpace));
  ModelSpec spec = tiny_member();
  spec.position = PositionKind::kRelativeKey;
  spec.layers[1].feed_forward = {16, 16, 16};
  spec.layers[1].heads.assign(4, "sa_sdp");
  spec.layers[1].head_width = 2;
  spec.layers.push_back(spec.layers[0]);
  EXPECT_THAT(messages(space, spec),
              ElementsAre("position: relative_key, allowed absolute",
                          "layers: 3 layers, allowed 1, 2", "layers.1.heads: 4 heads, allowed 1, 2",
                          "layers.1.feed_forward: 3 sizes, allowed 1, 2"));
}

TEST(DesignSpace, ListsHeadWidthsWhereTheFileDoes) {
  const DesignSpace space =
      value_of(try_space(std::string(kTinySpace) + "head_width: [2, 4]\nembedding: [4]\n"));
  ModelSpec spec = tiny_member();
  spec.layers[0].head_width = 4;
  spec.layers[1].head_width = 3;
  EXPECT_THAT(messages(space, spec), ElementsAre("layers.1.head_width: 3, allowed 2, 4"));
}

struct BadSpace {
  const char* name;
  std::string yaml;
  const char* place;
  const char* says;
};
class DesignSpaceRefuses : public testing::TestWithParam<BadSpace> {};

TEST_P(DesignSpaceRefuses, WithLineColumnAndCaret) {
  const auto space = try_space(GetParam().yaml);
  ASSERT_FALSE(space.has_value());
  EXPECT_EQ(space.error().category, base::ErrorCategory::kUsage);
  EXPECT_THAT(space.error().message, AllOf(HasSubstr(GetParam().place), HasSubstr("^")));
  EXPECT_THAT(error_of(space), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Files, DesignSpaceRefuses,
    testing::Values(
        BadSpace{"unknown_key", tiny_with("width", "widht: [4]"), "space.yaml:", "width"},
        BadSpace{"empty_list", tiny_with("width", "width: []"), "space.yaml:4:", "0 choices"},
        BadSpace{"repeated", tiny_with("width", "width: [4, 8, 4]"), "space.yaml:4:15", "twice"},
        BadSpace{"zero", tiny_with("layers", "layers: [0]"), "space.yaml:3:10", "0"},
        BadSpace{"text", tiny_with("layers", "layers: [two]"), "space.yaml:3:10", ""},
        BadSpace{"heads_over_width", tiny_with("heads", "heads: [1, 5]"),
                 "space.yaml:5:", "5 heads do not fit a width of 4"},
        BadSpace{"repeated_type", tiny_with("head_types", "head_types: [c_5, c_5]"),
                 "space.yaml:6:19", "twice"},
        BadSpace{"derived_misspelt", std::string(kTinySpace) + "head_width: derivd\n",
                 "space.yaml:12:13", "derived"},
        BadSpace{"position_misspelt", std::string(kTinySpace) + "position: absolut\n",
                 "space.yaml:12:11", "absolute"},
        BadSpace{"newer_format", tiny_with("format", "format: edgetran.space/2"), "space.yaml:1:9",
                 "edgetran.space/1"},
        BadSpace{"duplicate_key", std::string(kTinySpace) + "width: [4]\n", "space.yaml:12:", ""}),
    [](const auto& test) { return test.param.name; });

TEST(DesignSpace, RefusesMoreHeadCombinationsThanARandomNumberCanPick) {
  std::string types = "head_types: [";
  for (int i = 0; i < 30; ++i) types += (i > 0 ? ", t" : "t") + std::to_string(i);
  std::string text = tiny_with("head_types", types + "]");
  const size_t heads = text.find("heads: [1, 2]");
  text.replace(heads, 13, "heads: [64]");
  text.replace(text.find("[4, 8]"), 6, "[64]");
  EXPECT_THAT(error_of(try_space(text)), HasSubstr("2^48"));
}

TEST(DesignSpace, NamesAMissingFile) {
  const auto space = read_design_space_file("no/such/space.yaml");
  ASSERT_FALSE(space.has_value());
  EXPECT_EQ(space.error().category, base::ErrorCategory::kNotFound);
}

}  // namespace
}  // namespace edgetran::space
