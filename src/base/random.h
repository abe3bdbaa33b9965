#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace edgetran::base {

/// A counter-based random stream (Philox 4x32-10, Salmon et al., SC 2011). A stream is named, and
/// a value depends only on (seed, names, position): never on thread, platform or what else was
/// drawn. Copying copies the position. Not thread-safe; derive a stream a thread.
class RandomStream {
 public:
  RandomStream(uint64_t seed, std::string_view name);

  /// An independent stream named under this one; does not advance this one.
  RandomStream derive(std::string_view name, uint64_t index = 0) const;

  uint64_t next_u64();
  /// Uniform in [0, 1), 53 bits.
  double uniform();
  double uniform(double low, double high);
  /// Unbiased integer in [0, bound); bound > 0.
  uint64_t below(uint64_t bound);
  /// Standard normal (Box-Muller, two uniforms a pair, deterministic order).
  double normal();
  bool bernoulli(double probability);

  /// Fisher-Yates.
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }
  /// The permutation of 0..n-1 that shuffle would give.
  std::vector<int64_t> permutation(int64_t n);

  /// Position in the stream, to save and restore it exactly.
  struct State {
    uint64_t key = 0, counter = 0;
    double spare = 0;
    bool has_spare = false;
  };
  State state() const;
  static RandomStream from_state(const State& state);

 private:
  RandomStream() = default;
  void refill();
  uint64_t key_ = 0, counter_ = 0;
  uint64_t block_[2] = {0, 0};
  int available_ = 0;
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace edgetran::base
