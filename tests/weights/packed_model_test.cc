#include "weights/packed_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "encoder/encoder.h"
#include "weights/random_spec.h"
#include "weights/safetensors.h"

namespace edgetran::weights {
namespace {

using base::ErrorCategory;
using ::testing::HasSubstr;

struct Made {
  ModelInfo info;
  graph::Graph graph;
  Weights weights;
};

Made make(uint64_t seed, bool mask) {
  Made made;
  made.info.spec = testing::random_spec(seed);
  made.info.labels = 3;
  made.info.label_names = {"a", "b", "c"};
  made.info.tokenizer = "vocab.txt";
  encoder::BuildOptions options = build_options(made.info);
  options.mask = mask;
  made.graph = encoder::build_encoder(made.info.spec, options).value();
  made.weights = initialize(made.graph, {seed, "w"}, Initialization::kOrderOne);
  return made;
}

std::string pack(const Made& made) { return pack_model(made.info, made.graph, made.weights); }

TEST(PackedModel, ComesBackWhole) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    for (const bool mask : {false, true}) {
      const Made made = make(seed, mask);
      const auto model = unpack_model(pack(made));
      ASSERT_TRUE(model) << model.error().message;
      EXPECT_EQ(model->info.labels, 3);
      EXPECT_EQ(model->info.label_names, made.info.label_names);
      EXPECT_EQ(model->info.tokenizer, "");  // a runtime has no text
      EXPECT_EQ(model->graph.find_input("attention_mask") != graph::kNone, mask);
      ASSERT_EQ(model->weights.size(), made.weights.size());
      for (size_t i = 0; i < made.weights.size(); ++i) {
        const auto id = static_cast<graph::ParameterId>(i);
        EXPECT_EQ(model->weights.at(id).data, made.weights.at(id).data) << made.weights.name(id);
      }
    }
  }
}

TEST(PackedModel, EqualModelsGiveEqualBytes) {
  EXPECT_EQ(pack(make(1, true)), pack(make(1, true)));
}

TEST(PackedModel, BytesThatAreNoneAreCorrupt) {
  EXPECT_EQ(unpack_model("no model").error().category, ErrorCategory::kCorrupt);
  EXPECT_EQ(unpack_model(encode_safetensors({})).error().category, ErrorCategory::kCorrupt);
  std::string cut = pack(make(1, true));
  cut.resize(cut.size() - 1);
  EXPECT_EQ(unpack_model(cut).error().category, ErrorCategory::kCorrupt);
}

TEST(PackedModel, ANewerFormatIsAUsageError) {
  const auto newer = unpack_model(encode_safetensors(
      {}, {{"format", "edgetran.packed-model/2"}, {"model", "{}"}, {"mask", ""}}));
  EXPECT_EQ(newer.error().category, ErrorCategory::kUsage);
  EXPECT_THAT(newer.error().message, HasSubstr("edgetran.packed-model/2"));
}

TEST(PackedModel, TensorsOfAnotherSpecAreNamed) {
  const Made made = make(1, true);
  Made other = make(2, true);
  other.info = made.info;  // says the spec of the one, holds the tensors of the other
  const auto model = unpack_model(pack(other));
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().category, ErrorCategory::kUsage);
  EXPECT_THAT(model.error().message, HasSubstr("does not fit the model"));
}

// A header of a few bytes may claim a model of terabytes: its tensors are looked for first.
TEST(PackedModel, AHugeSpecWithoutTensorsTakesNoMemory) {
  Made made = make(1, false);
  made.info.spec.vocabulary = 1 << 24;
  const auto model =
      unpack_model(encode_safetensors({}, {{"format", std::string(kPackedFormat)},
                                           {"model", base::dump_json(model_info_json(made.info))},
                                           {"mask", "false"}}));
  EXPECT_EQ(model.error().category, ErrorCategory::kUsage);
}

}  // namespace
}  // namespace edgetran::weights
