#pragma once

#include <deque>

namespace edgetran::profile::simulated {

/// The power of a simulated board in time: constant over pieces, so that its integral is exact. It
/// begins at time 0; before that, and after its end, the nearest piece goes on.
class PowerTimeline {
 public:
  /// Draws `power_w` at time 0 and before.
  explicit PowerTimeline(double power_w);

  /// Goes on at `power_w` from end_s() to `until_s`; an earlier moment changes nothing.
  void extend(double until_s, double power_w);
  double end_s() const { return end_s_; }

  /// Power just before a moment.
  double power_w(double time_s) const;
  /// Energy from time 0 to a moment; negative before it.
  double energy_j(double time_s) const;
  /// Mean power between two moments, from < to.
  double mean_w(double from_s, double to_s) const;

  /// Drops what only moments before `time_s` need.
  void forget_before(double time_s);

 private:
  struct Piece {
    double start_s = 0;
    double energy_j = 0;  ///< from time 0 to the start
    double power_w = 0;
  };
  const Piece& piece_at(double time_s) const;

  std::deque<Piece> pieces_;  ///< never empty; the first also stands for what was before it
  double end_s_ = 0;
};

}  // namespace edgetran::profile::simulated
