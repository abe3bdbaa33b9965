#include "weights/layout.h"

#include <algorithm>

#include "base/result.h"

namespace edgetran::weights {

std::vector<Run> runs_of(const graph::FileTensor& file, const std::vector<int64_t>& dimensions) {
  const auto axis = static_cast<size_t>(file.axis);
  EDGETRAN_CHECK(axis < dimensions.size(), file.name + ": no such axis in the parameter");
  const int64_t file_size = file.drops_axis ? 1 : file.shape[axis];
  int64_t outer = 1, inner = 1;
  for (size_t i = 0; i < dimensions.size(); ++i) {
    if (i < axis) outer *= dimensions[i];
    if (i > axis) inner *= dimensions[i];
  }
  std::vector<Run> runs;
  for (const graph::FileTensor::Block& block : file.blocks) {
    for (int64_t i = 0; i < outer; ++i) {
      runs.push_back({.file_offset = (i * file_size + block.file_begin) * inner,
                      .parameter_offset = (i * dimensions[axis] + block.parameter_begin) * inner,
                      .count = block.count * inner});
    }
  }
  return runs;
}

void scatter(const graph::FileTensor& file, std::span<const float> values, Tensor& parameter) {
  EDGETRAN_CHECK(static_cast<int64_t>(values.size()) == element_count(file.shape),
                 file.name + ": values do not fill its shape");
  for (const Run& run : runs_of(file, parameter.shape))
    std::copy_n(values.begin() + run.file_offset, run.count,
                parameter.data.begin() + run.parameter_offset);
}

std::vector<float> gather(const graph::FileTensor& file, const Tensor& parameter) {
  std::vector<float> values(static_cast<size_t>(element_count(file.shape)));
  for (const Run& run : runs_of(file, parameter.shape))
    std::copy_n(parameter.data.begin() + run.parameter_offset, run.count,
                values.begin() + run.file_offset);
  return values;
}

}  // namespace edgetran::weights
