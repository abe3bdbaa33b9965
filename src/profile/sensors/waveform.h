#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace edgetran::profile::sensors {

/// A known course of power whose energy over any interval is a closed form: base + swing * shape(t)
/// watts with a shape in [0, 1]. Time 0 is where it begins; it goes on before it, too.
struct Waveform {
  /// constant: 0. square: 1 in the first `duty` of each period. sawtooth: rises from 0 to 1 over
  /// each period. bursts: 1 for `duty` of each period, at a moment drawn for that period. drift:
  /// rises from 0 at time 0 to 1 at `period_s` and stays.
  std::string shape = "constant";
  double base_w = 10;
  double swing_w = 0;  ///< base_w + swing_w >= 0
  double period_s = 1;
  double duty = 0.5;
  double phase_s = 0;  ///< by which the course is early
  int64_t seed = 0;    ///< of the bursts' moments
};

std::vector<std::string> waveform_shapes();

/// Power at a moment.
double waveform_power_w(const Waveform& waveform, double time_s);
/// Exact energy from time 0; negative before it.
double waveform_energy_j(const Waveform& waveform, double time_s);

}  // namespace edgetran::profile::sensors
