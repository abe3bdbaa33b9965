#include "profile/counter_readings.h"

#include <algorithm>
#include <optional>

namespace edgetran::profile {

namespace {

/// RAPL's registers are renewed every millisecond, by 15 to 61 uJ a step: one that counts moves a
/// thousand times a second in any machine that is on. As long as a calibration (calibration.h).
constexpr double kProcessorWatch_s = 3;
/// A meter behind a controller may be renewed once in a few seconds, or count whole joules of
/// an idle board of a watt.
constexpr double kOtherWatch_s = 10;
constexpr double kWatchEvery_s = 0.05;

double watch_s(const SensorInfo& info) {
  const bool processor = info.driver == "perf-rapl" || info.driver == "powercap-rapl";
  return processor ? kProcessorWatch_s : kOtherWatch_s;
}

bool may_be_counted(const SensorInfo& info) {
  return info.kind == SensorKind::kCounter && info.within.empty() &&
         info.boundary != Boundary::kRail;
}

/// The one value that all readings of a counter show; nullopt where it moved, or was read once.
std::optional<uint64_t> only_value(std::span<const CounterReading> readings, size_t sensor) {
  std::optional<uint64_t> value;
  int count = 0;
  for (const CounterReading& reading : readings) {
    if (reading.sensor != sensor) continue;
    if (value && *value != reading.ticks) return std::nullopt;
    value = reading.ticks;
    ++count;
  }
  return count >= 2 ? value : std::nullopt;
}

}  // namespace

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

std::vector<StillCounter> watch_still_counters(std::span<const std::unique_ptr<Sensor>> sensors,
                                               std::span<const CounterReading> readings,
                                               base::Clock& clock) {
  struct Watched {
    size_t sensor;
    uint64_t ticks;
    double until_s;
  };
  std::vector<Watched> watched;
  const double begun_s = clock.now_s();
  for (size_t i = 0; i < sensors.size(); ++i) {
    const SensorInfo& info = sensors[i]->info();
    if (!may_be_counted(info)) continue;
    if (const auto ticks = only_value(readings, i)) {
      watched.push_back({i, *ticks, begun_s + watch_s(info)});
    }
  }
  std::vector<StillCounter> still;
  while (!watched.empty()) {
    clock.sleep_until(clock.now_s() + kWatchEvery_s);
    std::erase_if(watched, [&](const Watched& each) {
      const auto value = sensors[each.sensor]->read();
      if (!value || value->ticks != each.ticks) return true;
      if (clock.now_s() < each.until_s) return false;
      still.push_back({each.sensor, watch_s(sensors[each.sensor]->info())});
      return true;
    });
  }
  std::ranges::sort(still, {}, &StillCounter::sensor);
  return still;
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
