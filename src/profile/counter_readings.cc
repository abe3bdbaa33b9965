#include "profile/counter_readings.h"

#include <optional>

namespace edgetran::profile {

std::vector<CounterReading> read_counters(std::span<const std::unique_ptr<Sensor>> sensors,
                                          int rounds, const std::function<void()>& pause) {
  std::vector<CounterReading> readings;
  for (int round = 0; round < rounds; ++round) {
    if (round > 0) pause();
    for (size_t i = 0; i < sensors.size(); ++i) {
      if (sensors[i]->info().kind != SensorKind::kCounter) continue;
      if (const auto value = sensors[i]->read()) readings.push_back({i, value->ticks});
    }
  }
  return readings;
}

bool mirrored(std::span<const CounterReading> readings, size_t a, size_t b, uint64_t range_ticks) {
  const uint64_t half = range_ticks == 0 ? uint64_t{1} << 63 : range_ticks / 2;
  std::optional<CounterReading> last;
  int turns = 0;
  bool moved = false;
  for (const CounterReading& reading : readings) {
    if (reading.sensor != a && reading.sensor != b) continue;
    if (last) {
      turns += reading.sensor != last->sensor ? 1 : 0;
      // Forward modulo the range. From one number to another and back is a whole range, so that of
      // two registers' steps one is at least half of it.
      const bool steps_back = reading.ticks < last->ticks;
      const uint64_t step = reading.ticks - last->ticks + (steps_back ? range_ticks : 0);
      if (step >= half) return false;
      moved = moved || step > 0;
    }
    last = reading;
  }
  // Three turns: a, b, a, b. Counters that stand still could be anything, for one both zero.
  return turns >= 3 && moved;
}

}  // namespace edgetran::profile
