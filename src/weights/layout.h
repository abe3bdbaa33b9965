#pragma once

#include <span>
#include <vector>

#include "graph/graph.h"
#include "weights/tensor.h"

namespace edgetran::weights {

/// A contiguous stretch that a file tensor and its parameter share; offsets in elements.
struct Run {
  int64_t file_offset = 0, parameter_offset = 0, count = 0;
};

/// The stretches of a file tensor in a parameter of these dimensions: each element of the file
/// tensor is in exactly one.
std::vector<Run> runs_of(const graph::FileTensor& file, const std::vector<int64_t>& dimensions);

/// Copies the values of a file tensor (row-major, its own shape) to their places in the parameter.
void scatter(const graph::FileTensor& file, std::span<const float> values, Tensor& parameter);

/// The values of a file tensor, collected from the parameter.
std::vector<float> gather(const graph::FileTensor& file, const Tensor& parameter);

}  // namespace edgetran::weights
