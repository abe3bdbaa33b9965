#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "base/result.h"

namespace edgetran::space {

enum class PositionKind { kAbsolute, kRelativeKey };

/// One encoder layer. heads lists a type name a head ("sa_sdp", "c_5", ...), in the order in which
/// weights are stored; heads.size() * head_width need not equal width.
struct LayerSpec {
  int64_t width = 0;
  int64_t head_width = 0;
  std::vector<std::string> heads;
  std::vector<int64_t> feed_forward;  ///< 1 to 3 sizes
  bool operator==(const LayerSpec&) const = default;
};

/// A transformer encoder as plain data (`edgetran.model/1` without weights).
struct ModelSpec {
  int64_t vocabulary = 30522;
  int64_t positions = 512;
  PositionKind position = PositionKind::kAbsolute;
  int64_t embedding = 0;  ///< width of the embeddings; 0 is read as layers[0].width
  int64_t types = 2;
  std::vector<LayerSpec> layers;
  bool operator==(const ModelSpec&) const = default;
};

// Bounds of sizes, so that no product of them overflows and no graph exhausts memory by typing.
inline constexpr int64_t kMaxWidth = 65536;
inline constexpr int64_t kMaxVocabulary = 4'000'000;
inline constexpr int64_t kMaxPositions = 65536;
inline constexpr int64_t kMaxLayers = 256;
inline constexpr int64_t kMaxHeads = 256;
inline constexpr int64_t kMaxStack = 8;

/// Reads our JSON or the published dictionary (`l, o, h, f`, heads as "sa_sdp_64"; position
/// defaults to relative_key there). Sizes are checked to be positive and in bounds; unknown keys
/// are errors with their place. Head types are names here; `encoder` knows which can be built.
base::Result<ModelSpec> read_model_spec(const base::ConfigValue& value);

/// Our JSON, defaults written out, keys in the order of the design.
base::Json model_spec_json(const ModelSpec& spec);

/// The published dictionary; an error where the spec cannot be said in it (and what is in the way).
base::Result<base::Json> published_dictionary(const ModelSpec& spec);

/// 64 hex digits; equal for specs that are the same design (heads of a layer sorted).
std::string canonical_hash(const ModelSpec& spec);

}  // namespace edgetran::space
