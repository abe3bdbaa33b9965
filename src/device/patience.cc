#include "device/patience.h"

#include <algorithm>
#include <cmath>

namespace edgetran::device {

std::optional<double> Patience::next(TransportEnd::Kind kind, uint64_t progress) {
  if (kind == TransportEnd::Kind::kFinal) return std::nullopt;
  if (kind == TransportEnd::Kind::kAgent) {
    if (++agent_ends_ > 1) return std::nullopt;
    ++retries_;
    return 0;
  }
  if (progress > progress_) in_a_row_ = 0;
  progress_ = progress;
  if (in_a_row_ >= policy_.tries) return std::nullopt;
  ++retries_;
  return std::min(policy_.longest_s, policy_.first_s * std::exp2(in_a_row_++));
}

}  // namespace edgetran::device
