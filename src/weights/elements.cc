#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "weights/safetensors.h"
#include "weights/tensor.h"

namespace edgetran::weights {
namespace {

using base::ErrorCategory;

float widen_bfloat16(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

// IEEE binary16 to binary32; exact for every value.
float widen_half(uint16_t bits) {
  const uint32_t sign = (bits & 0x8000U) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1FU;
  const uint32_t fraction = bits & 0x3FFU;
  if (exponent == 0) {  // zero and subnormals: fraction units of 2^-24
    const float magnitude = std::ldexp(static_cast<float>(fraction), -24);
    return sign != 0 ? -magnitude : magnitude;
  }
  if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000U | (fraction << 13));
  return std::bit_cast<float>(sign | ((exponent + (127 - 15)) << 23) | (fraction << 13));
}

// memcpy an element: the data of a file may be unaligned.
template <class Element, class Widen>
std::vector<float> widen_all(std::span<const std::byte> bytes, Widen widen) {
  std::vector<float> values(bytes.size() / sizeof(Element));
  for (size_t i = 0; i < values.size(); ++i) {
    Element element;
    std::memcpy(&element, bytes.data() + i * sizeof(Element), sizeof(Element));
    values[i] = widen(element);
  }
  return values;
}

template <class Element>
std::vector<Element> copy_all(std::span<const std::byte> bytes) {
  std::vector<Element> values(bytes.size() / sizeof(Element));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

base::Status check_finite(const TensorView& tensor, const std::vector<float>& values) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    return base::fail(
        ErrorCategory::kCorrupt,
        fmt::format("tensor '{}' holds {} at {}; every value must be finite", tensor.name,
                    values[i], index_text(tensor.shape, static_cast<int64_t>(i))),
        "the model diverged when it was trained, or the file is damaged");
  }
  return {};
}

}  // namespace

base::Result<std::vector<float>> read_floats(const TensorView& tensor) {
  std::vector<float> values;
  switch (tensor.type) {
    case DataType::kF32:
      values = copy_all<float>(tensor.bytes);
      break;
    case DataType::kF16:
      values = widen_all<uint16_t>(tensor.bytes, widen_half);
      break;
    case DataType::kBF16:
      values = widen_all<uint16_t>(tensor.bytes, widen_bfloat16);
      break;
    case DataType::kI64:
      return base::fail(ErrorCategory::kUsage,
                        fmt::format("tensor '{}' holds integers (I64); floating-point numbers are "
                                    "needed (F32, F16 or BF16)",
                                    tensor.name));
  }
  EDGETRAN_TRY(check_finite(tensor, values));
  return values;
}

base::Result<std::vector<int64_t>> read_integers(const TensorView& tensor) {
  if (tensor.type != DataType::kI64)
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("tensor '{}' has elements of type {}; integers (I64) are needed",
                                  tensor.name, data_type_name(tensor.type)));
  return copy_all<int64_t>(tensor.bytes);
}

}  // namespace edgetran::weights
