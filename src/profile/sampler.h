#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "profile/sensor.h"

namespace edgetran::profile {

/// How often a sensor is read (profiling.md, section 4): a gauge every update period, at most 100
/// times a second; a counter every second, or as often as keeps four readings in the shortest time
/// in which it can wrap. `update_s` 0: not known.
double sampling_interval_s(const SensorInfo& info, double update_s);

struct SamplerOptions {
  double interval_s = 0;     ///< 0: sampling_interval_s
  size_t capacity = 65'536;  ///< samples kept at most; ten minutes at 100 Hz
  std::vector<int> cores{};  ///< that the thread may run on; empty: any
};

enum class WindowEdge : uint8_t { kStart, kEnd };

/// Reads one sensor on a thread of its own at absolute deadlines of the clock; a deadline that is
/// missed is left out. The thread neither allocates (but for the text of a failed reading) nor
/// logs.
///
/// Memory is bounded. Samples wait in a ring until drained; where it is full, the oldest go, but
/// none since the start of the first window that was not drained: then new ones are lost, counted,
/// and a failed sample stands in their place, so that a window over the hole is a READ_ERROR and
/// never an energy.
///
/// mark_edge, drain and the counts may be called from any one other thread while it runs.
class Sampler {
 public:
  /// Sensor and clock must outlive the sampler; nobody else reads the sensor between start and
  /// stop.
  Sampler(Sensor& sensor, base::Clock& clock, double update_s, const SamplerOptions& options = {});
  ~Sampler();
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  /// Once. kResource where the system gives no thread.
  base::Status start();
  /// Returns when the thread has ended: at most a quarter of a second on the clock, and one
  /// reading, later. Again: nothing.
  void stop();

  /// Takes a reading now, on the calling thread, and returns when it is there; a counter of known
  /// period up to 20 ms is read until it changes, which fixes the moment of its update to the time
  /// between two readings. The cost lies outside the window: call it with kStart before the start
  /// is taken from the clock, with kEnd after the end is. From kStart on, samples are kept.
  void mark_edge(WindowEdge edge);

  /// Moves the waiting samples to the end of `trace`, in order of time. Allocates.
  void drain(PowerTrace& trace);

  /// While paused the thread reads nothing; edges are still taken.
  void pause(bool paused) { paused_ = paused; }

  int64_t overruns() const;  ///< samples lost in windows
  int64_t late() const;      ///< deadlines missed
  bool pinned() const { return pinned_; }
  double interval_s() const { return interval_s_; }

 private:
  void run();
  void pin();
  bool sleep_until(double deadline_s);
  PowerSample take();
  void push(const PowerSample& sample);
  void store(const PowerSample& sample);

  Sensor& sensor_;
  base::Clock& clock_;
  const double update_s_;
  const double interval_s_;
  const std::vector<int> cores_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> pinned_ = false;
  std::atomic<bool> paused_ = false;
  std::thread thread_;

  mutable std::mutex mutex_;  ///< guards the sensor and what follows
  std::vector<PowerSample> ring_;
  size_t oldest_ = 0, size_ = 0;
  uint64_t next_number_ = 0;  ///< samples stored so far
  uint64_t keep_from_;        ///< number of the oldest sample that must not go; else the largest
  bool window_open_ = false;
  int64_t overruns_ = 0;
  int64_t late_ = 0;
};

}  // namespace edgetran::profile
