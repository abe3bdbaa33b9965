#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace edgetran::weights {

/// A dense float32 array in row-major order; data.size() is the product of the shape.
struct Tensor {
  std::vector<int64_t> shape;
  std::vector<float> data;
};

/// Product of the sizes; 1 for a scalar. Sizes are not negative and do not overflow.
int64_t element_count(const std::vector<int64_t>& shape);

/// "[128, 512]", "[]" for a scalar.
std::string shape_text(const std::vector<int64_t>& shape);

/// "[3, 17]": the indices of the element at `offset` of a row-major array.
std::string index_text(const std::vector<int64_t>& shape, int64_t offset);

}  // namespace edgetran::weights
