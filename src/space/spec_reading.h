#pragma once

// Pieces shared by the readers of specs and of spaces.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "space/model_spec.h"

namespace edgetran::space {

inline constexpr int64_t kMaxTokenTypes = 1024;

/// The list at `value` with `low` to `high` items; `what` names the items in the message.
base::Result<std::vector<base::ConfigValue>> list_between(const base::ConfigValue& value,
                                                          size_t low, size_t high,
                                                          std::string_view what);

/// The integer of `key` in 1..high; `fallback` where the key is absent, required without one.
base::Result<int64_t> read_size(base::ConfigMap& map, const std::string& key, int64_t high,
                                std::optional<int64_t> fallback = std::nullopt);

/// True for a word of lower-case letters, digits and underscores that begins with a letter.
bool is_head_type(std::string_view name);
base::Result<std::string> read_head_type(const base::ConfigValue& value);

/// A feed-forward stack: 1 to kMaxStack sizes.
base::Result<std::vector<int64_t>> read_stack(const base::ConfigValue& value);

/// "absolute", "relative_key".
std::string_view position_name(PositionKind kind);
base::Result<PositionKind> read_position_kind(const base::ConfigValue& value);

/// A map of `l, o, h, f` as FlexiBERT publishes it.
base::Result<ModelSpec> read_published_dictionary(base::ConfigMap& map);

}  // namespace edgetran::space
