#include "space/count.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace edgetran::space {
namespace {

constexpr int kLimbBits = 32;

}  // namespace

Count::Count(uint64_t value) {
  limbs_ = {static_cast<uint32_t>(value), static_cast<uint32_t>(value >> kLimbBits)};
  trim();
}

void Count::trim() {
  while (!limbs_.empty() && limbs_.back() == 0) limbs_.pop_back();
}

Count& Count::operator+=(const Count& other) {
  limbs_.resize(std::max(limbs_.size(), other.limbs_.size()) + 1);
  uint64_t carry = 0;
  for (size_t i = 0; i < limbs_.size(); ++i) {
    carry += limbs_[i];
    if (i < other.limbs_.size()) carry += other.limbs_[i];
    limbs_[i] = static_cast<uint32_t>(carry);
    carry >>= kLimbBits;
  }
  trim();
  return *this;
}

Count Count::operator*(const Count& other) const {
  Count product;
  product.limbs_.resize(limbs_.size() + other.limbs_.size());
  for (size_t i = 0; i < limbs_.size(); ++i) {
    uint64_t carry = 0;
    for (size_t j = 0; j < other.limbs_.size(); ++j) {
      carry += uint64_t{limbs_[i]} * other.limbs_[j] + product.limbs_[i + j];
      product.limbs_[i + j] = static_cast<uint32_t>(carry);
      carry >>= kLimbBits;
    }
    product.limbs_[i + other.limbs_.size()] = static_cast<uint32_t>(carry);
  }
  product.trim();
  return product;
}

std::string Count::digits() const {
  if (limbs_.empty()) return "0";
  std::vector<uint32_t> rest = limbs_;
  std::string reversed;
  while (!rest.empty()) {
    uint64_t remainder = 0;
    for (size_t i = rest.size(); i-- > 0;) {
      const uint64_t value = (remainder << kLimbBits) | rest[i];
      rest[i] = static_cast<uint32_t>(value / 10);
      remainder = value % 10;
    }
    reversed.push_back(static_cast<char>('0' + remainder));
    while (!rest.empty() && rest.back() == 0) rest.pop_back();
  }
  return {reversed.rbegin(), reversed.rend()};
}

double Count::log10() const {
  if (limbs_.empty()) return -std::numeric_limits<double>::infinity();
  // The three leading limbs hold more bits than a double; the rest only moves the exponent.
  double leading = 0;
  const size_t used = std::min<size_t>(3, limbs_.size());
  for (size_t i = 0; i < used; ++i) {
    leading = leading * 0x1p32 + limbs_[limbs_.size() - 1 - i];
  }
  const auto dropped = static_cast<double>(limbs_.size() - used);
  return std::log10(leading) + dropped * kLimbBits * std::log10(2.0);
}

double Count::approximate() const {
  double value = 0;
  for (size_t i = limbs_.size(); i-- > 0;) value = value * 0x1p32 + limbs_[i];
  return value;
}

}  // namespace edgetran::space
