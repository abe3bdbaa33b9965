#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "weights/axis_match.h"
#include "weights/distance.h"
#include "weights/weights.h"

namespace edgetran::weights {

struct TransferOptions {
  TransferMode mode = TransferMode::kImportance;
  uint64_t seed = 1;  ///< of projections and of what is new
  /// Start what is new so that the function is unchanged where that is possible.
  bool preserve_function = false;
};

/// A model's weights made from another's.
struct Transferred {
  Weights weights;
  /// A row a parameter of either model, as coverage() gives them; but a layer norm that
  /// preserve_function moved is counted where it went.
  std::vector<ParameterCoverage> parameters;
  /// With preserve_function: why the outputs are not the source's, a sentence each. Empty: they
  /// are, up to rounding, for every input that the source takes.
  std::vector<std::string> function_changes;

  /// Of the target's parameters, the share that came from the source.
  double covered_share() const;
};

/// Weights for `target` from those of `source` (encoder.md, section 5). Parameters match by name,
/// so layers by index; their axes as AxisMatch says, so heads by type and by position within the
/// type, and stacks layer by layer. A parameter none of whose axes is another thing takes over
///
///   T' = F + (P1 x P2 x ...) (T - (P1 x P2 x ...)ᵀ F)
///
/// with T the source's tensor, F freshly initialised (encoder.md, section 3) and Pi the partial
/// isometry of its i-th axis (axis_map.h); a layer norm's scales are the diagonal of a linear map.
/// Every tensor with an axis has the same P, so a linear map W becomes P_out W P_inᵀ wherever both
/// come from the source: for x' = P_in x the part of y' in P_out's range is P_out (W x + b), always
/// where the input axis does not shrink, and up to what the projection drops of x where it does.
/// Directions outside the range are fresh. The scores q·k of a head whose width is projected become
/// (P q)·(P k): q·k where the width grows, its Johnson-Lindenstrauss estimate where it shrinks.
/// Orders and importances are the case of a P that selects, and copy bit for bit. Numbered axes
/// (tokens, positions, offsets, labels) and heads are never mixed. What matches nothing stays F.
///
/// With preserve_function, columns that read a new head or a new feature of a stack are zero, and
/// appended layers add nothing to the residual stream; the last layer norm of the source moves to
/// the end of the last appended layer, with ones and zeros where it was, because a norm of a
/// normed stream with scale and shift is not that stream. Deeper stacks hand on what they
/// gave as pairs of opposite features where their new sizes have room for them (deepen.h). A wider
/// residual stream, another head width and a deeper stack without room change the function;
/// function_changes says so.
Transferred transfer(const graph::Graph& source, const Weights& weights, const graph::Graph& target,
                     const TransferOptions& options);

}  // namespace edgetran::weights
