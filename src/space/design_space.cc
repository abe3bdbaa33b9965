#include "space/design_space.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "space/spec_reading.h"

namespace edgetran::space {
namespace {

template <class T>
bool has(const std::vector<T>& values, const T& value) {
  return std::ranges::find(values, value) != values.end();
}

template <class T>
std::string listed(const std::vector<T>& values) {
  return fmt::format("{}", fmt::join(values, ", "));
}

std::vector<std::string_view> position_names(const std::vector<PositionKind>& kinds) {
  std::vector<std::string_view> names;
  names.reserve(kinds.size());
  for (const PositionKind kind : kinds) names.push_back(position_name(kind));
  return names;
}

/// Collects reasons under one path prefix.
class Complaints {
 public:
  void require(const std::string& path, int64_t value, const std::vector<int64_t>& allowed) {
    if (!has(allowed, value)) add(path, std::to_string(value), listed(allowed));
  }
  void require_one(const std::string& path, int64_t value, int64_t allowed) {
    if (value != allowed) add(path, std::to_string(value), std::to_string(allowed));
  }
  void add(std::string path, std::string value, std::string allowed) {
    reasons_.push_back({std::move(path), std::move(value), std::move(allowed)});
  }
  std::vector<Reason> take() { return std::move(reasons_); }

 private:
  std::vector<Reason> reasons_;
};

void explain_heads(const DesignSpace& space, const LayerSpec& layer, const std::string& path,
                   Complaints& complaints) {
  const auto number = static_cast<int64_t>(layer.heads.size());
  if (!has(space.heads, number)) {
    complaints.add(path + ".heads", fmt::format("{} heads", number), listed(space.heads));
  }
  for (size_t k = 0; k < layer.heads.size(); ++k) {
    if (has(space.head_types, layer.heads[k])) continue;
    complaints.add(fmt::format("{}.heads.{}", path, k), layer.heads[k], listed(space.head_types));
  }
  if (!space.head_widths.empty()) {
    complaints.require(path + ".head_width", layer.head_width, space.head_widths);
  } else if (number > 0 && layer.head_width != layer.width / number) {
    complaints.add(path + ".head_width", std::to_string(layer.head_width),
                   fmt::format("{} (width {} / {} heads, rounded down)", layer.width / number,
                               layer.width, number));
  }
}

void explain_layer(const DesignSpace& space, const LayerSpec& layer, const std::string& path,
                   Complaints& complaints) {
  complaints.require(path + ".width", layer.width, space.widths);
  explain_heads(space, layer, path, complaints);
  const auto depth = static_cast<int64_t>(layer.feed_forward.size());
  if (!has(space.feed_forward_depths, depth)) {
    complaints.add(path + ".feed_forward", fmt::format("{} sizes", depth),
                   listed(space.feed_forward_depths));
  }
  for (size_t j = 0; j < layer.feed_forward.size(); ++j) {
    complaints.require(fmt::format("{}.feed_forward.{}", path, j), layer.feed_forward[j],
                       space.feed_forward_sizes);
  }
}

Count power(uint64_t base, int64_t exponent) {
  Count result(1);
  for (int64_t i = 0; i < exponent; ++i) result = result * Count(base);
  return result;
}

}  // namespace

uint64_t head_multisets(int64_t heads, int64_t types) {
  EDGETRAN_CHECK(heads >= 0 && types >= 1, "a multiset needs types");
  // C(n + i, i) for i = 1..k, n = types - 1, k = heads: every step divides exactly.
  const auto n = static_cast<uint64_t>(types - 1);
  uint64_t value = 1;
  for (uint64_t i = 1; i <= static_cast<uint64_t>(heads); ++i) {
    if (value > std::numeric_limits<uint64_t>::max() / (n + i)) {
      return std::numeric_limits<uint64_t>::max();
    }
    value = value * (n + i) / i;
  }
  return value;
}

Count DesignSpace::layer_choices() const {
  Count multisets(0);
  for (const int64_t number : heads) {
    multisets += Count(head_multisets(number, static_cast<int64_t>(head_types.size())));
  }
  Count stacks(0);
  for (const int64_t depth : feed_forward_depths) {
    stacks += power(feed_forward_sizes.size(), depth);
  }
  const uint64_t head_width_choices = std::max<uint64_t>(1, head_widths.size());
  return Count(widths.size()) * multisets * Count(head_width_choices) * stacks;
}

Count DesignSpace::size() const {
  const Count one_layer = layer_choices();
  Count total(0);
  Count stacked(1);
  int64_t depth = 0;
  for (const int64_t wanted : layers) {  // ascending
    for (; depth < wanted; ++depth) stacked = stacked * one_layer;
    total += stacked;
  }
  return total * Count(position.size()) * Count(std::max<uint64_t>(1, embeddings.size()));
}

std::vector<Reason> DesignSpace::explain(const ModelSpec& spec) const {
  Complaints complaints;
  complaints.require_one("vocabulary", spec.vocabulary, vocabulary);
  complaints.require_one("positions", spec.positions, positions);
  complaints.require_one("types", spec.types, types);
  if (!has(position, spec.position)) {
    complaints.add("position", std::string(position_name(spec.position)),
                   listed(position_names(position)));
  }
  const auto depth = static_cast<int64_t>(spec.layers.size());
  if (!has(layers, depth))
    complaints.add("layers", fmt::format("{} layers", depth), listed(layers));
  if (depth > 0) {
    const int64_t first_width = spec.layers.front().width;
    const int64_t embedding = spec.embedding > 0 ? spec.embedding : first_width;
    if (!embeddings.empty()) {
      complaints.require("embedding", embedding, embeddings);
    } else if (embedding != first_width) {
      complaints.add("embedding", std::to_string(embedding),
                     fmt::format("{} (the first layer's width)", first_width));
    }
  }
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    explain_layer(*this, spec.layers[i], fmt::format("layers.{}", i), complaints);
  }
  return complaints.take();
}

}  // namespace edgetran::space
