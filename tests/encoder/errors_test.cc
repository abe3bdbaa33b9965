// Specs that cannot be built: usage errors that name the place, the value and what is allowed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "encoder/encoder.h"
#include "encoder/specs.h"

namespace edgetran::encoder {
namespace {

using ::testing::HasSubstr;
using testing::mixed;
using testing::sdp;

base::Error error_of(const std::function<void(space::ModelSpec&)>& change,
                     const BuildOptions& options = {}) {
  space::ModelSpec spec = mixed();
  change(spec);
  const auto graph = build_encoder(spec, options);
  EXPECT_FALSE(graph) << "the spec was built";
  if (graph) return {};
  EXPECT_EQ(graph.error().category, base::ErrorCategory::kUsage);
  return graph.error();
}

TEST(Errors, ANameNearAKnownHeadTypeIsAnsweredWithIt) {
  const base::Error error = error_of([](auto& spec) { spec.layers[1].heads[2] = "sa_spd"; });
  EXPECT_EQ(error.message, "layers.1.heads: unknown head type 'sa_spd'");
  EXPECT_EQ(error.hint,
            "did you mean 'sa_sdp'? Known: sa_sdp, sa_wma, c_5, c_9, c_13, l_dft, l_dct");
}

TEST(Errors, ANameNearNothingGetsTheListOfTheKnown) {
  const base::Error error = error_of([](auto& spec) { spec.layers[0].heads[0] = "mamba"; });
  EXPECT_EQ(error.message, "layers.0.heads: unknown head type 'mamba'");
  EXPECT_EQ(error.hint, "known: sa_sdp, sa_wma, c_5, c_9, c_13, l_dft, l_dct");
}

TEST(Errors, SizesThatAreNotPositiveAreNamed) {
  const auto message = [](const auto& change) { return error_of(change).message; };
  EXPECT_EQ(message([](auto& s) { s.vocabulary = 0; }), "vocabulary is 0; it must be 1 to 4000000");
  EXPECT_EQ(message([](auto& s) { s.positions = -1; }), "positions is -1; it must be 1 to 65536");
  EXPECT_EQ(message([](auto& s) { s.types = 0; }), "types is 0; it must be 1 to 4000000");
  EXPECT_EQ(message([](auto& s) { s.embedding = -8; }), "embedding is -8; it must be 0 to 65536");
  EXPECT_EQ(message([](auto& s) { s.layers[2].width = 0; }),
            "layers.2.width is 0; it must be 1 to 65536");
  EXPECT_EQ(message([](auto& s) { s.layers[1].head_width = 0; }),
            "layers.1.head_width is 0; it must be 1 to 65536");
  EXPECT_EQ(message([](auto& s) { s.layers[0].feed_forward[1] = 0; }),
            "layers.0.feed_forward.1 is 0; it must be 1 to 65536");
}

TEST(Errors, ListsThatAreEmptyOrTooLongAreNamed) {
  const auto message = [](const auto& change) { return error_of(change).message; };
  EXPECT_EQ(message([](auto& s) { s.layers.clear(); }),
            "layers has 0 entries; it must have 1 to 256");
  EXPECT_EQ(message([](auto& s) { s.layers.resize(257, s.layers[0]); }),
            "layers has 257 entries; it must have 1 to 256");
  EXPECT_EQ(message([](auto& s) { s.layers[0].heads.clear(); }),
            "layers.0.heads has 0 entries; it must have 1 to 256");
  EXPECT_EQ(message([](auto& s) { s.layers[0].heads = sdp(257); }),
            "layers.0.heads has 257 entries; it must have 1 to 256");
  EXPECT_EQ(message([](auto& s) { s.layers[2].feed_forward.clear(); }),
            "layers.2.feed_forward has 0 entries; it must have 1 to 8");
}

TEST(Errors, LabelsAreCheckedWhereThereIsAClassifier) {
  EXPECT_EQ(error_of([](auto&) {}, {.head = TaskHead::kClassifier, .labels = 0}).message,
            "labels is 0; it must be 1 to 4000000");
  EXPECT_TRUE(build_encoder(mixed(), {.labels = 0}));
}

TEST(Errors, AModelOfMoreThanTheAllowedParametersIsRefused) {
  const base::Error error = error_of([](auto& spec) {
    spec.layers.assign(32, {.width = space::kMaxWidth,
                            .head_width = 256,
                            .heads = sdp(256),
                            .feed_forward = {space::kMaxWidth, space::kMaxWidth, space::kMaxWidth,
                                             space::kMaxWidth}});
  });
  EXPECT_THAT(error.message, HasSubstr("at most 1099511627776 are allowed"));
  EXPECT_NE(error.hint, "");
}

TEST(Errors, TheLargestSizesInEveryFieldAreAnErrorAndNotACrash) {
  error_of([](auto& spec) {
    spec.vocabulary = space::kMaxVocabulary;
    spec.positions = space::kMaxPositions;
    spec.types = space::kMaxVocabulary;
    spec.embedding = space::kMaxWidth;
    spec.layers.assign(static_cast<size_t>(space::kMaxLayers),
                       {.width = space::kMaxWidth,
                        .head_width = space::kMaxWidth,
                        .heads = sdp(static_cast<size_t>(space::kMaxHeads)),
                        .feed_forward = std::vector<int64_t>(static_cast<size_t>(space::kMaxStack),
                                                             space::kMaxWidth)});
  });
}

}  // namespace
}  // namespace edgetran::encoder
