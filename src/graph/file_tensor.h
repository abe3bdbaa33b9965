#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace edgetran::graph {

/// The view of a parameter that is filed as it is stored: one tensor, one block.
FileTensor whole_tensor(std::string name, const std::vector<int64_t>& dimensions);

/// What is wrong with the views of a parameter with these dimensions, or an empty string: all run
/// along one axis, agree in the other dimensions, and their blocks cover the parameter and each
/// file tensor exactly once.
std::string file_tensors_problem(const std::vector<int64_t>& dimensions,
                                 const std::vector<FileTensor>& tensors);

}  // namespace edgetran::graph
