#include "profile/runtimes/simulated/power_timeline.h"

#include <algorithm>

namespace edgetran::profile::simulated {

PowerTimeline::PowerTimeline(double power_w) : pieces_{{0, 0, power_w}} {}

void PowerTimeline::extend(double until_s, double power_w) {
  if (until_s <= end_s_) return;
  if (power_w != pieces_.back().power_w) pieces_.push_back({end_s_, energy_j(end_s_), power_w});
  end_s_ = until_s;
}

const PowerTimeline::Piece& PowerTimeline::piece_at(double time_s) const {
  const auto after =
      std::lower_bound(pieces_.begin(), pieces_.end(), time_s,
                       [](const Piece& piece, double s) { return piece.start_s < s; });
  return after == pieces_.begin() ? pieces_.front() : *(after - 1);
}

double PowerTimeline::power_w(double time_s) const { return piece_at(time_s).power_w; }

double PowerTimeline::energy_j(double time_s) const {
  const Piece& piece = piece_at(time_s);
  return piece.energy_j + piece.power_w * (time_s - piece.start_s);
}

double PowerTimeline::mean_w(double from_s, double to_s) const {
  return (energy_j(to_s) - energy_j(from_s)) / (to_s - from_s);
}

void PowerTimeline::forget_before(double time_s) {
  while (pieces_.size() > 1 && pieces_[1].start_s < time_s) pieces_.pop_front();
}

}  // namespace edgetran::profile::simulated
