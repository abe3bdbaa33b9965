#include "data/masking.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "base/result.h"

namespace edgetran::data {
namespace {

// The n-th ordinary token, counting past the special ones.
class OrdinaryTokens {
 public:
  OrdinaryTokens(const SpecialIds& special, int64_t vocabulary_size) : special_(special.all()) {
    std::sort(special_.begin(), special_.end());
    const auto last = std::unique(special_.begin(), special_.end());
    distinct_ = static_cast<size_t>(last - special_.begin());
    count_ = vocabulary_size - static_cast<int64_t>(distinct_);
  }
  int64_t count() const { return count_; }
  int32_t draw(base::RandomStream& stream) const {
    auto id = static_cast<int32_t>(stream.below(static_cast<uint64_t>(count_)));
    for (size_t i = 0; i < distinct_; ++i) id += id >= special_[i] ? 1 : 0;
    return id;
  }

 private:
  std::array<int32_t, 5> special_;
  size_t distinct_ = 0;
  int64_t count_ = 0;
};

// The first `count` of a Fisher-Yates shuffle, ascending.
void choose(std::vector<int64_t>& candidates, size_t count, base::RandomStream& stream) {
  for (size_t i = 0; i < count; ++i)
    std::swap(candidates[i], candidates[i + stream.below(candidates.size() - i)]);
  candidates.resize(count);
  std::sort(candidates.begin(), candidates.end());
}

}  // namespace

MaskedPositions mask_tokens(Batch& batch, const SpecialIds& special, int64_t vocabulary_size,
                            const MaskSettings& settings, uint64_t seed, int64_t step) {
  EDGETRAN_CHECK(settings.share > 0 && settings.share <= 1 && settings.replace_by_mask >= 0 &&
                     settings.replace_by_random >= 0 &&
                     settings.replace_by_mask + settings.replace_by_random <= 1,
                 "mask settings out of range");
  const OrdinaryTokens ordinary(special, vocabulary_size);
  base::RandomStream stream =
      base::RandomStream(seed, "mask").derive("step", static_cast<uint64_t>(step));
  MaskedPositions masked;
  std::vector<int64_t> candidates;
  for (int64_t row = 0; row < batch.rows; ++row) {
    const int64_t start = row * batch.length;
    candidates.clear();
    for (int64_t at = start; at < start + batch.lengths[static_cast<size_t>(row)]; ++at)
      if (!special.contains(batch.ids[static_cast<size_t>(at)])) candidates.push_back(at);
    if (candidates.empty()) continue;
    const double wanted = std::round(settings.share * static_cast<double>(candidates.size()));
    choose(candidates, static_cast<size_t>(std::max(1.0, wanted)), stream);
    for (const int64_t at : candidates) {
      int32_t& id = batch.ids[static_cast<size_t>(at)];
      masked.positions.push_back(at);
      masked.targets.push_back(id);
      const double fate = stream.uniform();
      if (fate < settings.replace_by_mask)
        id = special.mask;
      else if (fate < settings.replace_by_mask + settings.replace_by_random)
        id = ordinary.draw(stream);
    }
  }
  return masked;
}

}  // namespace edgetran::data
