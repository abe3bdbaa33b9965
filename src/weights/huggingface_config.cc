#include "weights/huggingface_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace edgetran::weights {
namespace {

using base::ConfigMap;
using base::ConfigValue;
using base::Json;
using base::Result;
using base::Status;
using space::LayerSpec;
using space::ModelSpec;

// Hugging Face's defaults of BertConfig, for keys that a config.json leaves out.
constexpr int64_t kVocabulary = 30522;
constexpr int64_t kWidth = 768;
constexpr int64_t kLayers = 12;
constexpr int64_t kHeads = 12;
constexpr int64_t kFeedForward = 3072;
constexpr int64_t kPositions = 512;
constexpr int64_t kTypes = 2;

constexpr double kNormEpsilon = 1e-12;  // what our layer norms add (encoder.md, section 2)
constexpr int64_t kMaxLabels = 1'000'000;
constexpr int64_t kMaxTypes = 1024;  // as in specs

Result<int64_t> read_size(ConfigMap& map, const std::string& key, int64_t high, int64_t fallback) {
  const auto value = map.find(key);
  if (!value) return fallback;
  return value->as_integer(1, high);
}

// The text at `key` must be one of `allowed`; absent is as the first.
Status check_text(ConfigMap& map, const std::string& key, const std::vector<std::string>& allowed,
                  std::string_view why) {
  const auto value = map.find(key);
  if (!value) return {};
  EDGETRAN_ASSIGN(const std::string text, value->as_string());
  if (std::ranges::find(allowed, text) != allowed.end()) return {};
  return base::fail(value->error(
      fmt::format("{} is '{}'; read is only {}", key, text, fmt::join(allowed, ", ")), why));
}

Status check_absent(ConfigMap& map, const std::string& key, std::string_view what) {
  const auto value = map.find(key);
  if (!value) return {};
  const Json json = value->to_json();
  const bool nothing = json == Json(false) || (json.is_structured() && json.empty());
  if (nothing) return {};
  return base::fail(value->error(fmt::format("{}: {} is not an encoder of ours", key, what)));
}

Status check_architecture(ConfigMap& map) {
  EDGETRAN_ASSIGN(const ConfigValue type, map.require("model_type"));
  EDGETRAN_TRY(check_text(map, "model_type", {"bert"}, "only BERT-shaped models can be imported"));
  EDGETRAN_TRY(check_text(map, "hidden_act", {"gelu"},
                          "encoders compute the exact GELU (by erf); an approximation or another "
                          "activation gives other outputs"));
  EDGETRAN_TRY(check_text(map, "position_embedding_type", {"absolute", "relative_key"},
                          "relative_key_query also adds the keys' products"));
  EDGETRAN_TRY(check_absent(map, "is_decoder", "a decoder"));
  EDGETRAN_TRY(check_absent(map, "add_cross_attention", "cross-attention"));
  EDGETRAN_TRY(check_absent(map, "pruned_heads", "a layer with pruned heads"));
  EDGETRAN_TRY(check_absent(map, "quantization_config", "a quantized model"));
  if (const auto epsilon = map.find("layer_norm_eps")) {
    EDGETRAN_ASSIGN(const double number, epsilon->as_number());
    if (number != kNormEpsilon)
      return base::fail(epsilon->error(
          fmt::format("layer_norm_eps is {}; encoders of ours add {}", number, kNormEpsilon),
          "the outputs would differ; fine-tune the model with layer_norm_eps 1e-12 first"));
  }
  return {};
}

Result<ModelSpec> read_sizes(ConfigMap& map) {
  ModelSpec spec;
  EDGETRAN_ASSIGN(spec.vocabulary,
                  read_size(map, "vocab_size", space::kMaxVocabulary, kVocabulary));
  EDGETRAN_ASSIGN(spec.positions,
                  read_size(map, "max_position_embeddings", space::kMaxPositions, kPositions));
  EDGETRAN_ASSIGN(spec.types, read_size(map, "type_vocab_size", kMaxTypes, kTypes));
  const auto position = map.find("position_embedding_type");
  if (position && position->as_string().value_or("") == "relative_key")
    spec.position = space::PositionKind::kRelativeKey;
  EDGETRAN_ASSIGN(const int64_t width, read_size(map, "hidden_size", space::kMaxWidth, kWidth));
  EDGETRAN_ASSIGN(const int64_t heads,
                  read_size(map, "num_attention_heads", space::kMaxHeads, kHeads));
  EDGETRAN_ASSIGN(const int64_t layers,
                  read_size(map, "num_hidden_layers", space::kMaxLayers, kLayers));
  EDGETRAN_ASSIGN(const int64_t feed_forward,
                  read_size(map, "intermediate_size", space::kMaxWidth, kFeedForward));
  if (width % heads != 0)
    return base::fail(map.value().error(
        fmt::format("hidden_size {} is not a multiple of num_attention_heads {}", width, heads)));
  spec.embedding = width;
  const LayerSpec layer{.width = width,
                        .head_width = width / heads,
                        .heads = std::vector<std::string>(static_cast<size_t>(heads), "sa_sdp"),
                        .feed_forward = {feed_forward}};
  spec.layers.assign(static_cast<size_t>(layers), layer);
  return spec;
}

std::string generic_label(int64_t index) { return fmt::format("LABEL_{}", index); }

// id2label: {"0": "no", "1": "yes"}, every number from 0 once.
Status read_labels(ConfigMap& map, HuggingFaceConfig& config) {
  if (const auto count = map.find("num_labels")) {
    EDGETRAN_ASSIGN(config.labels, count->as_integer(1, kMaxLabels));
  }
  const auto names = map.find("id2label");
  if (!names) return {};
  EDGETRAN_ASSIGN(ConfigMap entries, ConfigMap::of(*names));
  config.labels = static_cast<int64_t>(entries.keys().size());
  bool generic = true;
  for (int64_t i = 0; i < config.labels; ++i) {
    const auto name = entries.find(std::to_string(i));
    if (!name)
      return base::fail(
          names->error(fmt::format("id2label has {} names but none for label {}", config.labels, i),
                       "name every label from 0 on"));
    EDGETRAN_ASSIGN(std::string text, name->as_string());
    generic = generic && text == generic_label(i);
    config.label_names.push_back(std::move(text));
  }
  if (generic) config.label_names.clear();
  return {};
}

}  // namespace

Result<HuggingFaceConfig> read_huggingface_config(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  EDGETRAN_TRY(check_architecture(map));
  HuggingFaceConfig config;
  EDGETRAN_ASSIGN(config.spec, read_sizes(map));
  EDGETRAN_TRY(read_labels(map, config));
  return config;
}

std::string why_no_bert(const ModelSpec& spec) {
  const LayerSpec& first = spec.layers.front();
  if (spec.position != space::PositionKind::kAbsolute)
    return "it has relative keys, which transformers reads no more since version 5";
  if (spec.embedding != 0 && spec.embedding != first.width)
    return fmt::format("the embeddings are {} wide, layer 0 is {}", spec.embedding, first.width);
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    const LayerSpec& layer = spec.layers[i];
    for (const std::string& head : layer.heads)
      if (head != "sa_sdp") return fmt::format("layer {} has a head of type {}", i, head);
    if (layer.width != first.width)
      return fmt::format("layer {} is {} wide, layer 0 is {}", i, layer.width, first.width);
    if (layer.feed_forward.size() != 1)
      return fmt::format("layer {} has a feed-forward stack of {}", i, layer.feed_forward.size());
    const auto heads = static_cast<int64_t>(layer.heads.size());
    if (heads * layer.head_width != layer.width)
      return fmt::format("layer {} has {} heads of width {}, together {}, and is {} wide", i, heads,
                         layer.head_width, heads * layer.head_width, layer.width);
    if (layer.heads.size() != first.heads.size())
      return fmt::format("layer {} has {} heads, layer 0 has {}", i, heads, first.heads.size());
    if (layer.feed_forward != first.feed_forward)
      return fmt::format("layer {} has a feed-forward size of {}, layer 0 of {}", i,
                         layer.feed_forward[0], first.feed_forward[0]);
  }
  return {};
}

Json huggingface_config_json(const ModelInfo& info, int64_t padding) {
  const ModelSpec& spec = info.spec;
  const LayerSpec& layer = spec.layers.front();
  const char* architecture = info.labels > 0 ? "BertForSequenceClassification"
                             : info.mlm      ? "BertForMaskedLM"
                                             : "BertModel";
  Json json{{"architectures", {architecture}},
            {"model_type", "bert"},
            {"vocab_size", spec.vocabulary},
            {"hidden_size", layer.width},
            {"num_hidden_layers", spec.layers.size()},
            {"num_attention_heads", layer.heads.size()},
            {"intermediate_size", layer.feed_forward[0]},
            {"hidden_act", "gelu"},
            {"max_position_embeddings", spec.positions},
            {"type_vocab_size", spec.types},
            {"position_embedding_type", "absolute"},
            {"layer_norm_eps", kNormEpsilon},
            {"hidden_dropout_prob", 0.1},
            {"attention_probs_dropout_prob", 0.1},
            {"initializer_range", 0.02},
            {"pad_token_id", padding},
            {"torch_dtype", "float32"}};
  if (info.labels == 0) return json;
  Json names = Json::object(), numbers = Json::object();
  for (int64_t i = 0; i < info.labels; ++i) {
    const std::string name =
        info.label_names.empty() ? generic_label(i) : info.label_names[static_cast<size_t>(i)];
    names[std::to_string(i)] = name;
    numbers[name] = i;
  }
  json["id2label"] = std::move(names);
  json["label2id"] = std::move(numbers);
  json["problem_type"] = info.labels == 1 ? "regression" : "single_label_classification";
  return json;
}

}  // namespace edgetran::weights
