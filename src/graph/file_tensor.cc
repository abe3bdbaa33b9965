#include "graph/file_tensor.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace edgetran::graph {
namespace {

struct Interval {
  int64_t begin = 0, count = 0;
};

/// Whether the intervals are a partition of [0, size).
bool partition(std::vector<Interval> intervals, int64_t size) {
  std::sort(intervals.begin(), intervals.end(),
            [](const Interval& a, const Interval& b) { return a.begin < b.begin; });
  int64_t next = 0;
  for (const Interval& interval : intervals) {
    if (interval.begin != next || interval.count <= 0 || interval.count > size - next) return false;
    next += interval.count;
  }
  return next == size;
}

std::string shape_problem(const std::vector<int64_t>& dimensions, const FileTensor& tensor) {
  if (tensor.axis < 0 || static_cast<size_t>(tensor.axis) >= dimensions.size())
    return fmt::format("{}: no axis {}", tensor.name, tensor.axis);
  int64_t filed = 1;
  std::vector<int64_t> others = tensor.shape;
  if (!tensor.drops_axis) {
    if (others.size() != dimensions.size()) return fmt::format("{}: rank differs", tensor.name);
    filed = others[static_cast<size_t>(tensor.axis)];
    others.erase(others.begin() + tensor.axis);
  }
  std::vector<int64_t> expected = dimensions;
  expected.erase(expected.begin() + tensor.axis);
  if (others != expected) return fmt::format("{}: other dimensions differ", tensor.name);
  std::vector<Interval> blocks;
  blocks.reserve(tensor.blocks.size());
  for (const FileTensor::Block& block : tensor.blocks)
    blocks.push_back({block.file_begin, block.count});
  if (!partition(std::move(blocks), filed))
    return fmt::format("{}: its blocks do not cover it once", tensor.name);
  return {};
}

}  // namespace

FileTensor whole_tensor(std::string name, const std::vector<int64_t>& dimensions) {
  return {.name = std::move(name),
          .shape = dimensions,
          .axis = 0,
          .drops_axis = false,
          .blocks = {{0, 0, dimensions.front()}}};
}

std::string file_tensors_problem(const std::vector<int64_t>& dimensions,
                                 const std::vector<FileTensor>& tensors) {
  if (tensors.empty()) return "no file tensor";
  std::vector<Interval> blocks;
  for (const FileTensor& tensor : tensors) {
    if (tensor.axis != tensors.front().axis) return "file tensors run along different axes";
    if (std::string problem = shape_problem(dimensions, tensor); !problem.empty()) return problem;
    for (const FileTensor::Block& block : tensor.blocks)
      blocks.push_back({block.parameter_begin, block.count});
  }
  const int64_t size = dimensions[static_cast<size_t>(tensors.front().axis)];
  if (!partition(std::move(blocks), size)) return "blocks do not cover the parameter once";
  return {};
}

}  // namespace edgetran::graph
