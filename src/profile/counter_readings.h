#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "profile/sensor.h"

namespace edgetran::profile {

/// A counter's value as one of a sequence of readings in order of time.
struct CounterReading {
  size_t sensor = 0;
  uint64_t ticks = 0;
};

/// Reads every counter once a round, one after the other, and calls `pause` between two rounds.
/// Readings that fail are missing. Three rounds over 20 ms suffice for what follows.
std::vector<CounterReading> read_counters(std::span<const std::unique_ptr<Sensor>> sensors,
                                          int rounds, const std::function<void()>& pause);

/// A counter that did not move while it was watched.
struct StillCounter {
  size_t sensor = 0;
  double watched_s = 0;
};

/// Of the counters that may be part of a total, those that show one value in all of `readings` (two
/// at least) and go on to: the processor's own for 3 s, in which they move thousands of times if
/// they count at all, others for 10 s, as their steps may be long. Takes no time where all move. A
/// counter that cannot be read is not judged.
std::vector<StillCounter> watch_still_counters(std::span<const std::unique_ptr<Sensor>> sensors,
                                               std::span<const CounterReading> readings,
                                               base::Clock& clock);

/// Whether two counters are one register shown twice: read in turn they moved, and never stepped
/// back from one reading to the next, whichever of the two it was of: a1 <= b1 <= a2 <= b2, modulo
/// `range_ticks` (as in SensorInfo). False where that cannot be told: fewer than a, b, a, b, or no
/// movement. Two registers that count since power-on pass only if their counts are equal to within
/// a step; of counters that begin when they are opened it says nothing.
bool mirrored(std::span<const CounterReading> readings, size_t a, size_t b, uint64_t range_ticks);

}  // namespace edgetran::profile
