#include "weights/huggingface_names.h"

#include <array>
#include <optional>

namespace edgetran::weights {
namespace {

struct Row {
  std::string_view ours, theirs;
};

// Parts that a model has once.
constexpr std::array<Row, 9> kModelParts = {{
    {"embeddings.word.", "embeddings.word_embeddings."},
    {"embeddings.position.", "embeddings.position_embeddings."},
    {"embeddings.type.", "embeddings.token_type_embeddings."},
    {"embeddings.norm.", "embeddings.LayerNorm."},
    {"pooler.", "pooler.dense."},
    {"classifier.", "classifier."},
    {"mlm.transform.", "cls.predictions.transform.dense."},
    {"mlm.norm.", "cls.predictions.transform.LayerNorm."},
    {"mlm.", "cls.predictions."},
}};

// Parts of a layer, after "layers.N." and "encoder.layer.N.".
constexpr std::array<Row, 9> kLayerParts = {{
    {"query.", "attention.self.query."},
    {"key.", "attention.self.key."},
    {"value.", "attention.self.value."},
    {"relative.", "attention.self.distance_embedding."},
    {"output.", "attention.output.dense."},
    {"attention_norm.", "attention.output.LayerNorm."},
    {"feed_forward.0.", "intermediate.dense."},
    {"feed_forward.1.", "output.dense."},
    {"feed_forward_norm.", "output.LayerNorm."},
}};

constexpr std::string_view kLayers = "layers.";
constexpr std::string_view kTheirLayers = "encoder.layer.";
constexpr std::string_view kPrefix = "bert.";

template <size_t kCount>
std::optional<std::string> translate(const std::array<Row, kCount>& rows, std::string_view name) {
  for (const Row& row : rows)
    if (name.starts_with(row.ours))
      return std::string(row.theirs) + std::string(name.substr(row.ours.size()));
  return std::nullopt;
}

std::string with_ending(std::string_view name, std::string_view old, std::string_view fresh) {
  return std::string(name.substr(0, name.size() - old.size())) + std::string(fresh);
}

}  // namespace

std::string huggingface_name(std::string_view name) {
  if (!name.starts_with(kLayers)) return translate(kModelParts, name).value_or("");
  const std::string_view rest = name.substr(kLayers.size());
  const size_t dot = rest.find('.');
  if (dot == std::string_view::npos) return {};
  const auto part = translate(kLayerParts, rest.substr(dot + 1));
  if (!part) return {};
  return std::string(kTheirLayers) + std::string(rest.substr(0, dot + 1)) + *part;
}

std::string plain_huggingface_name(std::string_view name) {
  if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
  if (name.ends_with("LayerNorm.gamma")) return with_ending(name, "gamma", "weight");
  if (name.ends_with("LayerNorm.beta")) return with_ending(name, "beta", "bias");
  return std::string(name);
}

bool is_huggingface_head(std::string_view plain_name) {
  return plain_name.starts_with("cls.") || plain_name.starts_with("classifier.");
}

}  // namespace edgetran::weights
