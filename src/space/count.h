#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace edgetran::space {

/// An exact natural number of any size: spaces hold more designs than fit 64 bits.
class Count {
 public:
  Count() = default;
  explicit Count(uint64_t value);

  Count& operator+=(const Count& other);
  Count operator*(const Count& other) const;
  bool operator==(const Count&) const = default;

  /// Decimal digits.
  std::string digits() const;
  /// Base-10 logarithm; minus infinity for zero.
  double log10() const;
  /// Nearest double; infinity where it does not fit.
  double approximate() const;

 private:
  void trim();
  std::vector<uint32_t> limbs_;  // base 2^32, least significant first, no leading zeros
};

}  // namespace edgetran::space
