#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "weights/axis_map.h"
#include "weights/weights.h"

namespace edgetran::weights {

/// Along which indices or directions of an axis weights are taken over (encoder.md, section 5).
enum class TransferMode : uint8_t {
  kOrdered,     ///< leading indices
  kProjection,  ///< random orthonormal directions
  kImportance,  ///< indices with the largest L2 norm of all weights that produce or read them
};

/// Of each axis of a graph, the L2 norm of the weights at each of its indices, over all parameters
/// of two and more dimensions that have the axis; heads and their widths gather from composite
/// axes. Empty for an axis that no such parameter has.
std::vector<std::vector<double>> axis_norms(const graph::Graph& graph, const Weights& weights);

struct AxisMatchOptions {
  TransferMode mode = TransferMode::kOrdered;
  uint64_t seed = 1;
  /// kProjection: axes that grow take the source's indices as they are, in order.
  bool grow_in_order = false;
};

/// What a graph's axes are, found in its parameters and outputs, not in their names.
struct AxisKinds {
  explicit AxisKinds(const graph::Graph& graph);
  /// Axes of the residual stream: a norm runs along them. Where models project at different
  /// places, the stream bears other names and still is the one stream of features.
  std::set<graph::AxisId> residual;
  std::set<graph::AxisId> heads;        ///< blocks of composite axes
  std::set<graph::AxisId> head_widths;  ///< their widths
  std::set<graph::AxisId> indexed;  ///< looked up by number (tokens, positions) or an output's own
  std::set<graph::AxisId> centred;  ///< rows of relative positions: the middle one is offset 0
};

/// Which axes of two graphs are the same thing, and how the indices of one become those of the
/// other. Axes match by name, and those of the residual stream with each other; a composite axis
/// matches part by part, heads of a type by position. One map serves every tensor that has the
/// axis, so producers and consumers stay consistent. Both graphs must outlive this.
class AxisMatch {
 public:
  /// `weights`: of the source; needed for kImportance.
  AxisMatch(const graph::Graph& source, const graph::Graph& target,
            const AxisMatchOptions& options = {}, const Weights* weights = nullptr);

  /// The map from a source axis to a target axis; nullptr where they are different things.
  const AxisMap* find(graph::AxisId source, graph::AxisId target);
  /// The maps of a parameter's dimensions; empty unless all of them match.
  std::vector<const AxisMap*> find(const graph::Parameter& source, const graph::Parameter& target);

  const AxisKinds& source_kinds() const { return source_kinds_; }
  const AxisKinds& target_kinds() const { return target_kinds_; }

 private:
  std::optional<AxisMap> make(graph::AxisId source, graph::AxisId target);
  AxisMap make_plain(graph::AxisId source, graph::AxisId target);
  AxisMap make_composite(const graph::Axis& source, const graph::Axis& target);
  std::shared_ptr<const Matrix> frame(const std::string& name, int64_t rows, int64_t columns);

  const graph::Graph& source_;
  const graph::Graph& target_;
  AxisMatchOptions options_;
  AxisKinds source_kinds_, target_kinds_;
  std::vector<std::vector<double>> norms_;
  std::map<std::pair<graph::AxisId, graph::AxisId>, std::optional<AxisMap>> maps_;
  std::map<std::tuple<std::string, int64_t, int64_t>, std::shared_ptr<const Matrix>> frames_;
};

}  // namespace edgetran::weights
