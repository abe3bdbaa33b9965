#pragma once

#include <vector>

#include "base/result.h"
#include "space/design_space.h"

namespace edgetran::space {

/// Every member of the space that is one edit away from `spec`, each once, in a fixed order:
/// - a width, head width, embedding or stack size moves to the next smaller or larger value;
/// - one head changes its type; the position kind changes;
/// - the number of heads moves to the next allowed value: the k new heads are of one type, or k
///   heads of one type go; likewise k equal sizes enter or leave a stack at one place;
/// - the depth moves to the next allowed value: k copies of a layer enter behind it, or k layers
///   that equal the one before them go.
/// The relation is symmetric: b is a neighbour of a exactly when a is one of b. Heads that stay
/// keep their listed order. A spec outside the space is a usage error with the first reason.
base::Result<std::vector<ModelSpec>> one_edit_neighbours(const DesignSpace& space,
                                                         const ModelSpec& spec);

}  // namespace edgetran::space
