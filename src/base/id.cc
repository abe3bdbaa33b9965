#include "base/id.h"

#include <sys/random.h>

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace edgetran::base {
namespace {

/// Appends the low 5·digits bits of `value`, most significant first.
void append_base32(std::string& text, uint64_t value, int digits) {
  constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  for (int shift = 5 * (digits - 1); shift >= 0; shift -= 5)
    text += kDigits[(value >> shift) & 31U];
}

}  // namespace

std::string make_id(const Clock& clock, RandomStream& entropy) {
  constexpr double kLargest_ms = 281474976710655.0;  // 48 bits: the year 10889
  const double ms = std::clamp(clock.unix_time_s() * 1e3, 0.0, kLargest_ms);
  std::string id;
  append_base32(id, static_cast<uint64_t>(ms), 10);
  append_base32(id, entropy.next_u64(), 8);
  append_base32(id, entropy.next_u64(), 8);
  return id;
}

RandomStream system_entropy() {
  uint64_t seed = 0;
  const ssize_t count = ::getrandom(&seed, sizeof seed, 0);
  EDGETRAN_CHECK(count == static_cast<ssize_t>(sizeof seed), "the system gave no entropy");
  return RandomStream(seed, "system entropy");
}

}  // namespace edgetran::base
