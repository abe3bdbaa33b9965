#pragma once

#include <cstddef>
#include <span>

namespace edgetran::profile {

/// The stretch of a series that lies most apart from the rest: to one end for a step, in the middle
/// for a throttle that passes.
struct Excursion {
  double p_value = 1;
  size_t begin = 0;  ///< [begin, end) is the stretch
  size_t end = 0;
  double step = 0;  ///< its median over that of the rest, minus one
};
/// By ranks: the range of the partial sums of mid-ranks, whose distribution for independent samples
/// is Kuiper's (Levin and Kline, Statistics in Medicine 4, 1985). Fewer than 8 samples: none can be
/// told (p = 1).
Excursion find_excursion(std::span<const double> samples);

/// The strongest periodic part of a series.
struct Oscillation {
  double p_value = 1;
  double period = 0;     ///< in samples
  double amplitude = 0;  ///< of the sine, over the median
};
/// The largest peak of the periodogram over its neighbourhood, so that noise with any smooth
/// spectrum has none; periods from 8 samples (of a long series 1/128 of it) to half of the series.
/// Samples are pulled in to their 1 and 99 % quantiles first. Fewer than 32 samples: none can be
/// told (p = 1).
Oscillation find_oscillation(std::span<const double> samples);

}  // namespace edgetran::profile
