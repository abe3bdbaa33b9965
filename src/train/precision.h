#pragma once

#include <cstdint>
#include <string_view>

namespace edgetran::train {

enum class Precision : uint8_t {
  kFp32,
  kBf16,  ///< matrix products and activations in bfloat16; weights, moments, losses in float32
};

/// "fp32", "bf16".
constexpr std::string_view precision_name(Precision precision) {
  return precision == Precision::kBf16 ? "bf16" : "fp32";
}

}  // namespace edgetran::train
