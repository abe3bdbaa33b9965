// What needs no transformers: names, config.json, shards, and the way there and back. The package
// itself is the oracle in huggingface_test.py.
#include <gmock/gmock.h>

#include <optional>

#include "base/files.h"
#include "encoder/encoder.h"
#include "weights/huggingface_config.h"
#include "weights/huggingface_export.h"
#include "weights/huggingface_import.h"
#include "weights/huggingface_names.h"
#include "weights/huggingface_tensors.h"

namespace edgetran::weights {
namespace {

using base::ConfigValue;
using base::ErrorCategory;
using base::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

space::ModelSpec bert_spec() {
  const space::LayerSpec layer{
      .width = 12, .head_width = 4, .heads = {"sa_sdp", "sa_sdp", "sa_sdp"}, .feed_forward = {20}};
  return {.vocabulary = 9, .positions = 8, .embedding = 12, .layers = {layer, layer}};
}

base::Result<HuggingFaceConfig> read_config(const Json& json) {
  return read_huggingface_config(ConfigValue::from_json(json, "config.json"));
}

ModelInfo classifier(int64_t labels, std::vector<std::string> names) {
  ModelInfo info;
  info.spec = bert_spec();
  info.labels = labels;
  info.label_names = std::move(names);
  return info;
}

Json bert_config() { return huggingface_config_json(classifier(2, {"no", "yes"}), 0); }

TEST(HuggingFaceNames, AreThoseOfABert) {
  EXPECT_EQ(huggingface_name("embeddings.word.weight"), "embeddings.word_embeddings.weight");
  EXPECT_EQ(huggingface_name("layers.11.feed_forward.1.bias"),
            "encoder.layer.11.output.dense.bias");
  EXPECT_EQ(huggingface_name("layers.0.attention_norm.weight"),
            "encoder.layer.0.attention.output.LayerNorm.weight");
  EXPECT_EQ(huggingface_name("mlm.bias"), "cls.predictions.bias");
  EXPECT_EQ(huggingface_name("mlm.norm.bias"), "cls.predictions.transform.LayerNorm.bias");
  EXPECT_EQ(huggingface_name("layers.0.heads.1.mixing"), "");
  EXPECT_EQ(huggingface_name("layers.0.projection.weight"), "");
}

TEST(HuggingFaceNames, LosePrefixesAndOldWords) {
  EXPECT_EQ(plain_huggingface_name("bert.embeddings.LayerNorm.gamma"),
            "embeddings.LayerNorm.weight");
  EXPECT_EQ(plain_huggingface_name("cls.predictions.transform.LayerNorm.beta"),
            "cls.predictions.transform.LayerNorm.bias");
  EXPECT_EQ(plain_huggingface_name("pooler.dense.bias"), "pooler.dense.bias");
}

TEST(HuggingFaceConfig, ReadsBackWhatIsWritten) {
  const auto config = read_config(bert_config());
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->spec, bert_spec());
  EXPECT_EQ(config->labels, 2);
  EXPECT_THAT(config->label_names, ElementsAre("no", "yes"));
}

TEST(HuggingFaceConfig, LeavesOutNamesThatAreOnlyNumbers) {
  const auto config = read_config(huggingface_config_json(classifier(3, {}), 0));
  ASSERT_TRUE(config);
  EXPECT_EQ(config->labels, 3);
  EXPECT_THAT(config->label_names, IsEmpty());
}

TEST(HuggingFaceConfig, HasTheDefaultsOfBertBase) {
  const auto config = read_config({{"model_type", "bert"}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->spec.layers.size(), 12U);
  EXPECT_EQ(config->spec.layers[0].width, 768);
  EXPECT_EQ(config->spec.layers[0].head_width, 64);
  EXPECT_EQ(config->spec.vocabulary, 30522);
}

TEST(HuggingFaceConfig, RefusesWhatWouldComputeSomethingElse) {
  const auto message = [](const char* key, const Json& value) {
    Json json = bert_config();
    json[key] = value;
    const auto config = read_config(json);
    EXPECT_FALSE(config) << key;
    return config ? std::string() : config.error().message + config.error().hint;
  };
  EXPECT_THAT(message("model_type", "roberta"), HasSubstr("'roberta'; read is only bert"));
  EXPECT_THAT(message("hidden_act", "gelu_new"), HasSubstr("'gelu_new'; read is only gelu"));
  EXPECT_THAT(message("position_embedding_type", "relative_key_query"),
              HasSubstr("absolute, relative_key"));
  EXPECT_THAT(message("layer_norm_eps", 1e-5), HasSubstr("1e-05"));
  EXPECT_THAT(message("is_decoder", true), HasSubstr("is_decoder"));
  EXPECT_THAT(message("pruned_heads", Json{{"0", {1}}}), HasSubstr("pruned_heads"));
  EXPECT_THAT(message("num_attention_heads", 5), HasSubstr("not a multiple"));
  EXPECT_THAT(message("vocab_size", 0), HasSubstr("0"));
  EXPECT_THAT(message("vocab_size", Json(int64_t{1} << 40)), HasSubstr("1099511627776"));
  EXPECT_THAT(message("id2label", Json{{"0", "a"}, {"2", "b"}}), HasSubstr("none for label 1"));
}

TEST(HuggingFaceConfig, SaysWhyASpecIsNoPlainBert) {
  EXPECT_EQ(why_no_bert(bert_spec()), "");
  const auto reason = [](auto change) {
    space::ModelSpec spec = bert_spec();
    change(spec);
    return why_no_bert(spec);
  };
  EXPECT_THAT(reason([](auto& spec) { spec.layers[1].heads[2] = "l_dct"; }), HasSubstr("l_dct"));
  EXPECT_THAT(reason([](auto& spec) { spec.layers[1].width = 16; }), HasSubstr("16"));
  EXPECT_THAT(reason([](auto& spec) {
                spec.layers[1].feed_forward = {20, 8};
              }),
              HasSubstr("stack of 2"));
  EXPECT_THAT(reason([](auto& spec) { spec.layers[0].head_width = 5; }), HasSubstr("together 15"));
  EXPECT_THAT(reason([](auto& spec) { spec.layers[1].feed_forward = {24}; }), HasSubstr("24"));
  EXPECT_THAT(reason([](auto& spec) { spec.embedding = 6; }), HasSubstr("6 wide"));
  EXPECT_THAT(reason([](auto& spec) { spec.position = space::PositionKind::kRelativeKey; }),
              HasSubstr("relative"));
  EXPECT_THAT(reason([](auto& spec) {
                spec.layers[1].heads.assign(2, "sa_sdp");
                spec.layers[1].head_width = 6;
              }),
              HasSubstr("2 heads"));
}

TEST(ShardIndex, StaysInItsFolder) {
  const auto read = [](const Json& map) {
    return read_shard_index(ConfigValue::from_json({{"weight_map", map}}, "index"));
  };
  EXPECT_EQ(read({{"a", "one.safetensors"}})->at("a"), "one.safetensors");
  for (const char* name : {"../x", "/etc/passwd", "", ".", "folder/x"})
    EXPECT_FALSE(read({{"a", name}})) << name;
  EXPECT_FALSE(read(Json::object()));
}

class HuggingFaceFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    root_.emplace(std::move(*base::TemporaryFolder::create("huggingface")));
    graph_ = std::move(*encoder::build_encoder(info_.spec, build_options(info_)));
    weights_ = initialize(graph_, {1, "w"}, Initialization::kOrderOne);
  }
  fs::path folder() const { return root_->path() / "hf"; }
  base::Status write() const {
    return export_huggingface(folder(), info_, graph_, weights_, vocabulary_);
  }

  std::optional<base::TemporaryFolder> root_;
  ModelInfo info_ = classifier(2, {"no", "yes"});
  std::string vocabulary_ = "a\n[UNK]\n[PAD]\nb\n";
  graph::Graph graph_;
  Weights weights_;
};

TEST_F(HuggingFaceFolder, ComesBackBitForBit) {
  ASSERT_TRUE(write());
  const auto model = import_huggingface(folder());
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->info.spec, info_.spec);
  EXPECT_EQ(model->info.label_names, info_.label_names);
  EXPECT_EQ(model->vocabulary, vocabulary_);
  EXPECT_THAT(model->fresh, IsEmpty());
  EXPECT_THAT(model->unused, IsEmpty());
  for (size_t id = 0; id < weights_.size(); ++id)
    EXPECT_EQ(model->weights.at(static_cast<graph::ParameterId>(id)).data,
              weights_.at(static_cast<graph::ParameterId>(id)).data);
  const auto config = ConfigValue::read_file(folder() / "config.json")->to_json();
  EXPECT_EQ(config["pad_token_id"], 2);
}

TEST_F(HuggingFaceFolder, OffersItsBodyWithoutTheHead) {
  ASSERT_TRUE(write());
  const auto model = import_huggingface(folder(), {.head = HuggingFaceHead::kNone});
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->info.labels, 0);
  EXPECT_THAT(model->unused, ElementsAre("classifier.bias", "classifier.weight"));
  const auto mlm = import_huggingface(folder(), {.head = HuggingFaceHead::kMaskedLanguageModel});
  ASSERT_FALSE(mlm);
  EXPECT_THAT(mlm.error().message, HasSubstr("missing: cls.predictions.transform.dense.weight"));
}

TEST_F(HuggingFaceFolder, IsNotWrittenForAnotherSpec) {
  info_.spec.layers[1].heads[0] = "l_dft";
  const auto status = write();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().category, ErrorCategory::kUsage);
  EXPECT_FALSE(fs::exists(folder()));
}

TEST_F(HuggingFaceFolder, KeepsWhatItHeldWhereAFileCannotBeWritten) {
  ASSERT_TRUE(write());
  const std::string before = *base::read_file(folder() / "config.json");
  fs::remove(folder() / "vocab.txt");
  fs::create_directories(folder() / "vocab.txt" / "in the way");
  info_.label_names = {"off", "on"};
  EXPECT_FALSE(write());
  EXPECT_EQ(*base::read_file(folder() / "config.json"), before);
}

}  // namespace
}  // namespace edgetran::weights
