#include "space/model_spec.h"

#include <gmock/gmock.h>

#include "space_fixture.h"

namespace edgetran::space {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::string_view kSpec = R"({
  "vocabulary": 1000, "positions": 64, "position": "relative_key", "embedding": 24, "types": 3,
  "layers": [
    {"width": 32, "head_width": 7, "heads": ["sa_sdp", "c_5", "l_dft"], "feed_forward": [64, 48]},
    {"width": 48, "head_width": 12, "heads": ["sa_wma"], "feed_forward": [96]}
  ]})";

/// A spec of one sound layer in which `member` takes the place of its namesake.
std::string layer_with(const std::string& member) {
  std::string layer = member;
  for (const std::string sound :
       {R"("width": 32)", R"("heads": ["sa_sdp", "sa_sdp"])", R"("feed_forward": [64])"}) {
    const std::string key = sound.substr(0, sound.find(':') + 1);
    if (!member.starts_with(key)) layer += ", " + sound;
  }
  return R"({"layers": [{)" + layer + "}]}";
}

TEST(ModelSpec, ReadsEveryMember) {
  const ModelSpec spec = value_of(try_spec(kSpec));
  EXPECT_EQ(spec.vocabulary, 1000);
  EXPECT_EQ(spec.positions, 64);
  EXPECT_EQ(spec.position, PositionKind::kRelativeKey);
  EXPECT_EQ(spec.embedding, 24);
  EXPECT_EQ(spec.types, 3);
  ASSERT_EQ(spec.layers.size(), 2U);
  EXPECT_EQ(spec.layers[0], (LayerSpec{32, 7, {"sa_sdp", "c_5", "l_dft"}, {64, 48}}));
  EXPECT_EQ(spec.layers[1], (LayerSpec{48, 12, {"sa_wma"}, {96}}));
}

TEST(ModelSpec, FillsInTheDefaults) {
  const ModelSpec spec = value_of(
      try_spec(R"({"layers": [{"width": 50, "heads": ["a", "a", "a"], "feed_forward": [8]}]})"));
  EXPECT_EQ(spec.vocabulary, 30522);
  EXPECT_EQ(spec.positions, 512);
  EXPECT_EQ(spec.position, PositionKind::kAbsolute);
  EXPECT_EQ(spec.types, 2);
  EXPECT_EQ(spec.embedding, 50) << "the first layer's width";
  EXPECT_EQ(spec.layers[0].head_width, 16) << "width over heads, rounded down";
}

TEST(ModelSpec, ItsJsonReadsBackToTheSame) {
  const ModelSpec spec = value_of(try_spec(kSpec));
  EXPECT_EQ(value_of(try_spec(base::dump_json(model_spec_json(spec)))), spec);
}

TEST(ModelSpec, ItsJsonHasTheKeysInTheOrderOfTheDesign) {
  const ModelSpec spec =
      value_of(try_spec(R"({"layers": [{"width": 4, "heads": ["c_5"], "feed_forward": [8]}]})"));
  EXPECT_EQ(base::dump_json(model_spec_json(spec)),
            R"({"vocabulary":30522,"positions":512,"position":"absolute","embedding":4,"types":2,)"
            R"("layers":[{"width":4,"head_width":4,"heads":["c_5"],"feed_forward":[8]}]})");
}

struct BadSpec {
  const char* name;
  std::string json;
  const char* place;
};

class ModelSpecRefuses : public testing::TestWithParam<BadSpec> {};

TEST_P(ModelSpecRefuses, WithItsPlace) {
  const auto spec = try_spec(GetParam().json);
  ASSERT_FALSE(spec.has_value());
  EXPECT_EQ(spec.error().category, base::ErrorCategory::kUsage);
  EXPECT_THAT(spec.error().message, AllOf(HasSubstr("spec.json:1:"), HasSubstr("^")));
  EXPECT_THAT(error_of(spec), HasSubstr(GetParam().place));
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, ModelSpecRefuses,
    testing::Values(BadSpec{"zero_width", layer_with(R"("width": 0)"), "1"},
                    BadSpec{"negative_width", layer_with(R"("width": -32)"), "-32"},
                    BadSpec{"huge_width", layer_with(R"("width": 65537)"), "65537"},
                    BadSpec{"beyond_64_bits", layer_with(R"("width": 99999999999999999999)"), ""},
                    BadSpec{"fraction", layer_with(R"("width": 32.5)"), "32.5"},
                    BadSpec{"text", layer_with(R"("width": "32")"), ""},
                    BadSpec{"zero_head_width", layer_with(R"("head_width": 0)"), "0"},
                    BadSpec{"no_heads", layer_with(R"("heads": [])"), "heads"},
                    BadSpec{"more_heads_than_width", layer_with(R"("width": 1)"), "do not fit"},
                    BadSpec{"empty_head_type", layer_with(R"("heads": [""])"), "head type"},
                    BadSpec{"bad_head_type", layer_with(R"("heads": ["Sa-Sdp"])"), "head type"},
                    BadSpec{"empty_stack", layer_with(R"("feed_forward": [])"), "feed-forward"},
                    BadSpec{"zero_stack", layer_with(R"("feed_forward": [64, 0])"), "0"},
                    BadSpec{"long_stack", layer_with(R"("feed_forward": [1,1,1,1,1,1,1,1,1])"),
                            "9 feed-forward sizes"},
                    BadSpec{"no_layers", R"({"layers": []})", "0 layers"},
                    BadSpec{"unknown_key", layer_with(R"("head_widht": 4)"), "head_width"},
                    BadSpec{"unknown_top_key",
                            R"({"vocabulry": 3, "layers": [)"
                            R"({"width": 4, "heads": ["a"], "feed_forward": [8]}]})",
                            "vocabulary"},
                    BadSpec{"other_format", R"({"format": "edgetran.model/2", "layers": []})",
                            "edgetran.model/1"}),
    [](const auto& test) { return test.param.name; });

TEST(CanonicalHash, IgnoresTheOrderOfHeadsOnly) {
  const ModelSpec spec = value_of(try_spec(kSpec));
  ModelSpec other_order = spec;
  std::swap(other_order.layers[0].heads[0], other_order.layers[0].heads[2]);
  EXPECT_EQ(canonical_hash(other_order), canonical_hash(spec));
  ModelSpec other_stack = spec;
  std::swap(other_stack.layers[0].feed_forward[0], other_stack.layers[0].feed_forward[1]);
  EXPECT_NE(canonical_hash(other_stack), canonical_hash(spec));
  ModelSpec other_layers = spec;
  std::swap(other_layers.layers[0], other_layers.layers[1]);
  EXPECT_NE(canonical_hash(other_layers), canonical_hash(spec));
}

TEST(CanonicalHash, ReadsAnEmbeddingOfZeroAsTheFirstWidth) {
  ModelSpec spec = value_of(try_spec(kSpec));
  spec.embedding = spec.layers[0].width;
  ModelSpec open = spec;
  open.embedding = 0;
  EXPECT_EQ(canonical_hash(open), canonical_hash(spec));
}

TEST(CanonicalHash, DiffersWhereAnyMemberDiffers) {
  const ModelSpec spec = value_of(try_spec(kSpec));
  const std::string hash = canonical_hash(spec);
  EXPECT_EQ(hash.size(), 64U);
  const auto changed = [&](auto change) {
    ModelSpec other = spec;
    change(other);
    return canonical_hash(other);
  };
  EXPECT_NE(changed([](ModelSpec& s) { ++s.vocabulary; }), hash);
  EXPECT_NE(changed([](ModelSpec& s) { ++s.positions; }), hash);
  EXPECT_NE(changed([](ModelSpec& s) { ++s.types; }), hash);
  EXPECT_NE(changed([](ModelSpec& s) { ++s.embedding; }), hash);
  EXPECT_NE(changed([](ModelSpec& s) { s.position = PositionKind::kAbsolute; }), hash);
  EXPECT_NE(changed([](ModelSpec& s) { ++s.layers[1].width; }), hash);
  EXPECT_NE(changed([](ModelSpec& s) { ++s.layers[1].head_width; }), hash);
  EXPECT_NE(changed([](ModelSpec& s) { s.layers[1].heads[0] = "l_dct"; }), hash);
}

}  // namespace
}  // namespace edgetran::space
