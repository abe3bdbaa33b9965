#include "base/random.h"

#include <cmath>
#include <numbers>
#include <numeric>

#include "base/hash.h"
#include "base/philox.h"
#include "base/result.h"

namespace edgetran::base {
namespace {

// Keeps the counters that make keys apart from the counters that make values (whose upper half
// is zero).
constexpr uint64_t kKeyDomain = 0xA5C3'19D7'6B2E'F08DULL;

struct Block {
  uint64_t words[2];
};

Block philox_block(uint64_t key, uint64_t low, uint64_t high) {
  const auto half = [](uint64_t value, int shift) { return static_cast<uint32_t>(value >> shift); };
  const auto out = philox4x32({half(low, 0), half(low, 32), half(high, 0), half(high, 32)},
                              {half(key, 0), half(key, 32)});
  return {
      {uint64_t{out[0]} | (uint64_t{out[1]} << 32), uint64_t{out[2]} | (uint64_t{out[3]} << 32)}};
}

uint64_t child_key(uint64_t key, std::string_view name, uint64_t index) {
  const Block block = philox_block(key, stable_hash(name), index ^ kKeyDomain);
  return block.words[0];
}

}  // namespace

RandomStream::RandomStream(uint64_t seed, std::string_view name) : key_(child_key(seed, name, 0)) {}

RandomStream RandomStream::derive(std::string_view name, uint64_t index) const {
  RandomStream stream;
  stream.key_ = child_key(key_, name, index);
  return stream;
}

// counter_ is the position of the next word; a block holds the words 2k and 2k + 1.
void RandomStream::refill() {
  const Block block = philox_block(key_, counter_ / 2, 0);
  block_[0] = block.words[0];
  block_[1] = block.words[1];
  available_ = 2 - static_cast<int>(counter_ % 2);
}

uint64_t RandomStream::next_u64() {
  if (available_ == 0) refill();
  const uint64_t value = block_[2 - available_];
  --available_;
  ++counter_;
  return value;
}

double RandomStream::uniform() { return static_cast<double>(next_u64() >> 11) * 0x1p-53; }

double RandomStream::uniform(double low, double high) {
  const double value = low + (high - low) * uniform();
  // Rounding may reach `high` itself, which the half-open interval excludes.
  return value < high || !(low < high) ? value : std::nextafter(high, low);
}

// Lemire, "Fast random integer generation in an interval", TOMACS 2019, algorithm 5.
uint64_t RandomStream::below(uint64_t bound) {
  EDGETRAN_CHECK(bound > 0, "below(0): no integer is below zero");
  __extension__ using Wide = unsigned __int128;
  Wide product = static_cast<Wide>(next_u64()) * bound;
  if (static_cast<uint64_t>(product) < bound) {
    const uint64_t threshold = (0 - bound) % bound;
    while (static_cast<uint64_t>(product) < threshold)
      product = static_cast<Wide>(next_u64()) * bound;
  }
  return static_cast<uint64_t>(product >> 64);
}

double RandomStream::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));  // 1 - u is never zero
  const double angle = 2.0 * std::numbers::pi * uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

bool RandomStream::bernoulli(double probability) { return uniform() < probability; }

std::vector<int64_t> RandomStream::permutation(int64_t n) {
  EDGETRAN_CHECK(n >= 0, "permutation of a negative count");
  std::vector<int64_t> items(static_cast<size_t>(n));
  std::iota(items.begin(), items.end(), int64_t{0});
  shuffle(items);
  return items;
}

RandomStream::State RandomStream::state() const {
  return {key_, counter_, has_spare_ ? spare_ : 0.0, has_spare_};
}

RandomStream RandomStream::from_state(const State& state) {
  RandomStream stream;
  stream.key_ = state.key;
  stream.counter_ = state.counter;
  stream.spare_ = state.spare;
  stream.has_spare_ = state.has_spare;
  return stream;
}

}  // namespace edgetran::base
