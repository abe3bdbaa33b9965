#include "weights/axis_match.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace edgetran::weights {
namespace {

using graph::Axis;
using graph::AxisId;
using graph::Graph;
using graph::Parameter;
using graph::ParameterRole;

constexpr const char* kResidualStream = "residual stream";

void add_plain(std::vector<double>& norms, int64_t size, int64_t index, double square) {
  norms.resize(static_cast<size_t>(size));
  norms[static_cast<size_t>(index)] += square;
}

// A composite index is a feature of a head: it counts for the head and for the feature.
void add_index(const Graph& graph, AxisId id, int64_t index, double square,
               std::vector<std::vector<double>>& norms) {
  const Axis& axis = graph.axis(id);
  add_plain(norms[static_cast<size_t>(id)], axis.size, index, square);
  for (const graph::AxisPart& part : axis.parts) {
    const int64_t blocks = graph.axis(part.blocks).size, width = graph.axis(part.width).size;
    if (index < blocks * width) {
      add_plain(norms[static_cast<size_t>(part.blocks)], blocks, index / width, square);
      add_plain(norms[static_cast<size_t>(part.width)], width, index % width, square);
      return;
    }
    index -= blocks * width;
  }
}

// Sums of squares of a tensor's slices along one dimension.
std::vector<double> slice_squares(const Tensor& tensor, size_t axis) {
  int64_t inner = 1;
  for (size_t i = axis + 1; i < tensor.shape.size(); ++i) inner *= tensor.shape[i];
  std::vector<double> squares(static_cast<size_t>(tensor.shape[axis]));
  for (size_t i = 0; i < tensor.data.size(); ++i) {
    const auto index = static_cast<int64_t>(i) / inner % tensor.shape[axis];
    const double value = tensor.data[i];
    squares[static_cast<size_t>(index)] += value * value;
  }
  return squares;
}

// The `count` indices of the largest norm, in ascending order; of equal ones the first.
std::vector<int64_t> largest(const std::vector<double>& norms, int64_t count) {
  std::vector<int64_t> order(norms.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return norms[static_cast<size_t>(a)] > norms[static_cast<size_t>(b)];
  });
  order.resize(static_cast<size_t>(count));
  std::sort(order.begin(), order.end());
  return order;
}

// Where a part of a composite axis begins and how wide its heads are.
struct PartPlace {
  int64_t begin = 0, width = 0;
};

// The pieces of a part: the map of the width at each pair of heads.
void add_heads(const AxisMap& heads, const PartPlace& source, const PartPlace& target,
               const AxisMap& widths, AxisMap& map) {
  for (const AxisPiece& run : heads.pieces) {
    for (int64_t i = 0; i < run.source_count; ++i) {
      for (AxisPiece piece : widths.pieces) {
        piece.source_begin += source.begin + (run.source_begin + i) * source.width;
        piece.target_begin += target.begin + (run.target_begin + i) * target.width;
        if (piece.matrix == nullptr)
          map.add_copy(piece.source_begin, piece.target_begin, piece.source_count);
        else
          map.pieces.push_back(std::move(piece));
      }
    }
  }
}

}  // namespace

std::vector<std::vector<double>> axis_norms(const Graph& graph, const Weights& weights) {
  std::vector<std::vector<double>> norms(graph.axes().size());
  graph::ParameterId id = 0;
  for (const Parameter& parameter : graph.parameters()) {
    const Tensor& tensor = weights.at(id++);
    if (parameter.shape.size() < 2) continue;
    for (size_t axis = 0; axis < parameter.shape.size(); ++axis) {
      const std::vector<double> squares = slice_squares(tensor, axis);
      for (size_t i = 0; i < squares.size(); ++i)
        add_index(graph, parameter.shape[axis], static_cast<int64_t>(i), squares[i], norms);
    }
  }
  for (auto& axis : norms)
    for (double& value : axis) value = std::sqrt(value);
  return norms;
}

AxisKinds::AxisKinds(const Graph& graph) {
  for (const Parameter& parameter : graph.parameters()) {
    if (parameter.role == ParameterRole::kNormWeight) residual.insert(parameter.shape[0]);
    if (parameter.role == ParameterRole::kEmbedding) indexed.insert(parameter.shape[0]);
    if (parameter.role == ParameterRole::kRelative) centred.insert(parameter.shape[0]);
  }
  for (const Axis& axis : graph.axes())
    for (const graph::AxisPart& part : axis.parts) {
      heads.insert(part.blocks);
      head_widths.insert(part.width);
    }
  for (const graph::NamedValue& output : graph.outputs())
    for (const AxisId axis : graph.value(output.value).shape)
      if (graph.axis(axis).kind == Axis::Kind::kFixed && !residual.contains(axis))
        indexed.insert(axis);
}

AxisMatch::AxisMatch(const Graph& source, const Graph& target, const AxisMatchOptions& options,
                     const Weights* weights)
    : source_(source),
      target_(target),
      options_(options),
      source_kinds_(source),
      target_kinds_(target) {
  if (options.mode != TransferMode::kImportance) return;
  EDGETRAN_CHECK(weights != nullptr, "importance is that of weights");
  norms_ = axis_norms(source, *weights);
}

const AxisMap* AxisMatch::find(AxisId source, AxisId target) {
  auto found = maps_.find({source, target});
  if (found == maps_.end())
    found = maps_.emplace(std::pair(source, target), make(source, target)).first;
  return found->second ? &*found->second : nullptr;
}

std::vector<const AxisMap*> AxisMatch::find(const Parameter& source, const Parameter& target) {
  EDGETRAN_CHECK(source.shape.size() == target.shape.size(), source.name + ": ranks differ");
  std::vector<const AxisMap*> maps;
  for (size_t i = 0; i < source.shape.size(); ++i) {
    const AxisMap* map = find(source.shape[i], target.shape[i]);
    if (map == nullptr) return {};
    maps.push_back(map);
  }
  return maps;
}

std::optional<AxisMap> AxisMatch::make(AxisId source, AxisId target) {
  const Axis& from = source_.axis(source);
  const Axis& to = target_.axis(target);
  const bool residual =
      source_kinds_.residual.contains(source) && target_kinds_.residual.contains(target);
  if (from.name != to.name && !residual) return std::nullopt;
  if (!from.parts.empty() && !to.parts.empty()) return make_composite(from, to);
  return make_plain(source, target);
}

AxisMap AxisMatch::make_plain(AxisId source, AxisId target) {
  const int64_t from = source_.axis(source).size, to = target_.axis(target).size;
  const int64_t count = std::min(from, to);
  AxisMap map{.source_size = from, .target_size = to};
  const bool indexed =
      source_kinds_.indexed.contains(source) || target_kinds_.indexed.contains(target);
  if (source_kinds_.centred.contains(source)) {
    map.add_copy((from - count) / 2, (to - count) / 2, count);
    return map;
  }
  if (options_.mode == TransferMode::kImportance && from > to && !indexed &&
      !norms_[static_cast<size_t>(source)].empty()) {
    int64_t place = 0;
    for (const int64_t index : largest(norms_[static_cast<size_t>(source)], count))
      map.add_copy(index, place++, 1);
    return map;
  }
  // Heads stay whole: what a head computes is not linear, so a mixture of heads is no head.
  const bool mixes = options_.mode == TransferMode::kProjection && from != to && !indexed &&
                     !source_kinds_.heads.contains(source) &&
                     !(options_.grow_in_order && to > from);
  if (!mixes) {
    map.add_copy(0, 0, count);
    return map;
  }
  const bool residual = source_kinds_.residual.contains(source);
  map.pieces.push_back(
      {.source_count = from,
       .target_count = to,
       .matrix = frame(residual ? kResidualStream : source_.axis(source).name, to, from)});
  return map;
}

AxisMap AxisMatch::make_composite(const Axis& source, const Axis& target) {
  AxisMap map{.source_size = source.size, .target_size = target.size};
  int64_t source_begin = 0;
  for (const graph::AxisPart& from : source.parts) {
    const int64_t source_width = source_.axis(from.width).size;
    int64_t target_begin = 0;
    for (const graph::AxisPart& to : target.parts) {
      const int64_t target_width = target_.axis(to.width).size;
      const AxisMap* heads = find(from.blocks, to.blocks);
      const AxisMap* widths = find(from.width, to.width);
      if (heads != nullptr && widths != nullptr)
        add_heads(*heads, {source_begin, source_width}, {target_begin, target_width}, *widths, map);
      target_begin += target_.axis(to.blocks).size * target_width;
    }
    source_begin += source_.axis(from.blocks).size * source_width;
  }
  return map;
}

std::shared_ptr<const Matrix> AxisMatch::frame(const std::string& name, int64_t rows,
                                               int64_t columns) {
  auto& known = frames_[{name, rows, columns}];
  if (known == nullptr)
    known = std::make_shared<const Matrix>(random_frame(
        rows, columns, base::RandomStream(options_.seed, "transfer.projection").derive(name)));
  return known;
}

}  // namespace edgetran::weights
