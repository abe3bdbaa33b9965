#include "space/point_decoder.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace edgetran::space {
namespace {

// Coordinates before the layers': depth, position, embedding.
constexpr int64_t kHead = 3;
// Coordinates of a layer before its stack's sizes: width, number of heads, multiset, head width,
// stack length.
constexpr int64_t kLayer = 5;

/// Index in [0, count) of a uniform coordinate.
size_t pick(double u, uint64_t count) {
  const auto index = static_cast<uint64_t>(u * static_cast<double>(count));
  return static_cast<size_t>(std::min(index, count - 1));
}

/// Index of the first cumulative share above u.
size_t pick_share(double u, const std::vector<double>& shares) {
  const auto it = std::ranges::upper_bound(shares, u);
  return std::min(static_cast<size_t>(it - shares.begin()), shares.size() - 1);
}

/// Cumulative shares of weights; equal ones under kDecisions.
std::vector<double> shares_of(std::vector<double> weights, Measure measure) {
  if (measure == Measure::kDecisions) std::ranges::fill(weights, 1.0);
  double total = 0;
  for (const double weight : weights) total += weight;
  double sum = 0;
  for (double& weight : weights) {
    sum += weight / total;
    weight = sum;
  }
  weights.back() = 1;
  return weights;
}

/// head_multisets of 0..heads heads of 1..types types.
std::vector<std::vector<uint64_t>> multiset_table(int64_t heads, int64_t types) {
  std::vector<std::vector<uint64_t>> table(static_cast<size_t>(types));
  for (int64_t t = 0; t < types; ++t) {
    for (int64_t h = 0; h <= heads; ++h) {
      table[static_cast<size_t>(t)].push_back(head_multisets(h, t + 1));
    }
  }
  return table;
}

/// How many heads are of each type in multiset number `rank` of `heads` heads, in the order of
/// falling counts of the first type. `ways` as of multiset_table.
std::vector<size_t> unrank_multiset(uint64_t rank, size_t heads,
                                    const std::vector<std::vector<uint64_t>>& ways) {
  const size_t types = ways.size();
  std::vector<size_t> counts(types, 0);
  size_t left = heads;
  for (size_t type = 0; type + 1 < types; ++type) {
    size_t taken = left;
    for (; taken > 0; --taken) {
      const uint64_t rest = ways[types - type - 2][left - taken];
      if (rank < rest) break;
      rank -= rest;
    }
    counts[type] = taken;
    left -= taken;
  }
  counts.back() = left;
  return counts;
}

/// The heads of a multiset, in the order of the space's types.
std::vector<std::string> heads_of(const std::vector<size_t>& counts,
                                  const std::vector<std::string>& types) {
  std::vector<std::string> heads;
  heads.reserve(std::accumulate(counts.begin(), counts.end(), size_t{0}));
  for (size_t t = 0; t < counts.size(); ++t) {
    heads.insert(heads.end(), counts[t], types[t]);
  }
  return heads;
}

}  // namespace

PointDecoder::PointDecoder(const DesignSpace& space, Measure measure)
    : space_(space),
      ways_(multiset_table(space.heads.back(), static_cast<int64_t>(space.head_types.size()))) {
  std::vector<double> depth_weights;
  // Relative to the deepest, so that nothing overflows.
  const double layer_log10 = space.layer_choices().log10();
  for (const int64_t depth : space.layers) {
    const auto fewer = static_cast<double>(space.layers.back() - depth);
    depth_weights.push_back(std::pow(10.0, -fewer * layer_log10));
  }
  depth_shares_ = shares_of(std::move(depth_weights), measure);
  std::vector<double> head_weights;
  head_weights.reserve(space.heads.size());
  for (const int64_t number : space.heads) {
    head_weights.push_back(static_cast<double>(ways_.back()[static_cast<size_t>(number)]));
  }
  heads_shares_ = shares_of(std::move(head_weights), measure);
  std::vector<double> stack_weights;
  stack_weights.reserve(space.feed_forward_depths.size());
  for (const int64_t depth : space.feed_forward_depths) {
    stack_weights.push_back(
        std::pow(static_cast<double>(space.feed_forward_sizes.size()), static_cast<double>(depth)));
  }
  stack_shares_ = shares_of(std::move(stack_weights), measure);
}

int64_t PointDecoder::dimensions() const {
  return kHead + space_.layers.back() * (kLayer + space_.feed_forward_depths.back());
}

LayerSpec PointDecoder::decode_layer(std::span<const double> point) const {
  LayerSpec layer;
  layer.width = space_.widths[pick(point[0], space_.widths.size())];
  const int64_t number = space_.heads[pick_share(point[1], heads_shares_)];
  const auto heads = static_cast<size_t>(number);
  const uint64_t rank = pick(point[2], ways_.back()[heads]);
  layer.heads = heads_of(unrank_multiset(rank, heads, ways_), space_.head_types);
  layer.head_width = space_.head_widths.empty()
                         ? layer.width / number
                         : space_.head_widths[pick(point[3], space_.head_widths.size())];
  const int64_t depth = space_.feed_forward_depths[pick_share(point[4], stack_shares_)];
  layer.feed_forward.reserve(static_cast<size_t>(depth));
  for (int64_t j = 0; j < depth; ++j) {
    const double u = point[static_cast<size_t>(kLayer + j)];
    layer.feed_forward.push_back(
        space_.feed_forward_sizes[pick(u, space_.feed_forward_sizes.size())]);
  }
  return layer;
}

ModelSpec PointDecoder::decode(std::span<const double> point) const {
  EDGETRAN_CHECK(static_cast<int64_t>(point.size()) == dimensions(), "a point of other dimensions");
  ModelSpec spec;
  spec.vocabulary = space_.vocabulary;
  spec.positions = space_.positions;
  spec.types = space_.types;
  const int64_t depth = space_.layers[pick_share(point[0], depth_shares_)];
  spec.position = space_.position[pick(point[1], space_.position.size())];
  const int64_t per_layer = kLayer + space_.feed_forward_depths.back();
  spec.layers.reserve(static_cast<size_t>(depth));
  for (int64_t i = 0; i < depth; ++i) {
    const auto begin = static_cast<size_t>(kHead + i * per_layer);
    spec.layers.push_back(decode_layer(point.subspan(begin, static_cast<size_t>(per_layer))));
  }
  spec.embedding = space_.embeddings.empty()
                       ? spec.layers.front().width
                       : space_.embeddings[pick(point[2], space_.embeddings.size())];
  return spec;
}

}  // namespace edgetran::space
