#include <algorithm>
#include <utility>

#include "profile/window_parts.h"

namespace edgetran::profile {

PowerCurve::PowerCurve(std::vector<Knot> knots) : knots_(std::move(knots)) {
  double energy_j = 0;
  for (size_t i = 0; i < knots_.size(); ++i) {
    knots_[i].energy_j = energy_j;
    if (i + 1 == knots_.size()) break;
    const double span_s = knots_[i + 1].time_s - knots_[i].time_s;
    energy_j += (knots_[i].from_w + knots_[i].to_w) / 2 * span_s;
  }
}

/// Index of the knot that begins the piece which holds `time_s`.
size_t PowerCurve::before(double time_s) const {
  const auto after = std::upper_bound(knots_.begin(), knots_.end(), time_s,
                                      [](double s, const Knot& knot) { return s < knot.time_s; });
  return after == knots_.begin() ? 0 : static_cast<size_t>(after - knots_.begin()) - 1;
}

double PowerCurve::power_w(double time_s) const {
  const size_t i = before(time_s);
  const Knot& knot = knots_[i];
  if (i + 1 == knots_.size() || time_s <= knot.time_s) return knot.from_w;
  const double span_s = knots_[i + 1].time_s - knot.time_s;
  return knot.from_w + (knot.to_w - knot.from_w) * (time_s - knot.time_s) / span_s;
}

double PowerCurve::energy_j(double time_s) const {
  const Knot& knot = knots_[before(time_s)];
  return knot.energy_j + (knot.from_w + power_w(time_s)) / 2 * (time_s - knot.time_s);
}

}  // namespace edgetran::profile
