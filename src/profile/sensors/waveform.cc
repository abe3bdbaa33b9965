#include "profile/sensors/waveform.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace edgetran::profile::sensors {

namespace {

/// Where the burst of a period begins, in seconds after the period does.
double burst_start_s(const Waveform& waveform, double period_index) {
  const base::RandomStream bursts(static_cast<uint64_t>(waveform.seed), "synthetic.bursts");
  const auto index = static_cast<uint64_t>(static_cast<int64_t>(period_index));
  return bursts.derive("period", index).uniform() * (1 - waveform.duty) * waveform.period_s;
}

/// Seconds of `shape == 1` that a period has shown `into_s` after it began.
double on_s(const Waveform& waveform, double period_index, double into_s) {
  const double length_s = waveform.duty * waveform.period_s;
  const double start_s = waveform.shape == "bursts" ? burst_start_s(waveform, period_index) : 0;
  return std::clamp(into_s - start_s, 0.0, length_s);
}

/// The integral of the shape from 0 to `time_s`, in seconds.
double shape_integral_s(const Waveform& waveform, double time_s) {
  const double period_s = waveform.period_s;
  if (waveform.shape == "constant") return 0;
  if (waveform.shape == "drift") {
    if (time_s <= 0) return 0;
    const double rising_s = std::min(time_s, period_s);
    return rising_s * rising_s / (2 * period_s) + (time_s - rising_s);
  }
  const double index = std::floor(time_s / period_s);
  const double into_s = time_s - index * period_s;
  if (waveform.shape == "sawtooth") return index * period_s / 2 + into_s * into_s / (2 * period_s);
  return index * waveform.duty * period_s + on_s(waveform, index, into_s);
}

double shape_at(const Waveform& waveform, double time_s) {
  const double period_s = waveform.period_s;
  if (waveform.shape == "constant") return 0;
  if (waveform.shape == "drift") return std::clamp(time_s / period_s, 0.0, 1.0);
  const double index = std::floor(time_s / period_s);
  const double into_s = time_s - index * period_s;
  if (waveform.shape == "sawtooth") return into_s / period_s;
  const double start_s = waveform.shape == "bursts" ? burst_start_s(waveform, index) : 0;
  return into_s >= start_s && into_s < start_s + waveform.duty * period_s ? 1 : 0;
}

}  // namespace

std::vector<std::string> waveform_shapes() {
  return {"constant", "square", "sawtooth", "bursts", "drift"};
}

double waveform_power_w(const Waveform& waveform, double time_s) {
  return waveform.base_w + waveform.swing_w * shape_at(waveform, time_s + waveform.phase_s);
}

double waveform_energy_j(const Waveform& waveform, double time_s) {
  const double shape_s = shape_integral_s(waveform, time_s + waveform.phase_s) -
                         shape_integral_s(waveform, waveform.phase_s);
  return waveform.base_w * time_s + waveform.swing_w * shape_s;
}

}  // namespace edgetran::profile::sensors
