#include "profile/sampler.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <cmath>
#include <system_error>

#include "profile/energy.h"

namespace edgetran::profile {

namespace {

/// Gauges are read at most so often: more says nothing about windows of seconds, and costs.
constexpr double kQuickestGauge_s = 0.01;
constexpr double kCounter_s = 1;
/// Readings in the shortest time in which a counter can wrap.
constexpr double kWrapGuard = 4;
/// A sleeping thread looks so often whether it should end.
constexpr double kStopCheck_s = 0.25;
/// A counter is awaited at an edge if it changes so quickly, for so many periods, and so many
/// readings at most (of a clock that stands still).
constexpr double kLongestAwaited_s = 0.02;
constexpr double kAwaitedPeriods = 2;
constexpr int kAwaitedReadings = 50'000;

/// A clock that jumps further has stopped rather than been late.
constexpr double kMostLate = 1e9;

constexpr uint64_t kKeepNone = UINT64_MAX;
constexpr size_t kFewestSlots = 4;

}  // namespace

double sampling_interval_s(const SensorInfo& info, double update_s) {
  if (info.kind == SensorKind::kGauge) return std::max(update_s, kQuickestGauge_s);
  const double range =
      info.range_ticks == 0 ? std::ldexp(1.0, 64) : static_cast<double>(info.range_ticks);
  const double wrap_s = range * info.joules_per_tick / largest_power_w(info);
  return std::min(kCounter_s, wrap_s / kWrapGuard);
}

Sampler::Sampler(Sensor& sensor, base::Clock& clock, double update_s, const SamplerOptions& options)
    : sensor_(sensor),
      clock_(clock),
      update_s_(update_s),
      interval_s_(options.interval_s > 0 ? options.interval_s
                                         : sampling_interval_s(sensor.info(), update_s)),
      cores_(options.cores),
      ring_(std::max(options.capacity, kFewestSlots) + 1),
      keep_from_(kKeepNone) {}

Sampler::~Sampler() { stop(); }

base::Status Sampler::start() {
  EDGETRAN_CHECK(!thread_.joinable() && !stopping_, "a sampler is started once");
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& error) {
    return base::fail(base::ErrorCategory::kResource,
                      fmt::format("no thread for the sensor {}/{}: {}", sensor_.info().driver,
                                  sensor_.info().channel, error.what()),
                      "raise the limit of processes (ulimit -u)");
  }
  return {};
}

void Sampler::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void Sampler::run() {
  pin();
  for (double deadline_s = clock_.now_s(); sleep_until(deadline_s);) {
    if (paused_) {
      deadline_s = clock_.now_s() + kStopCheck_s;
      continue;
    }
    const std::lock_guard lock(mutex_);
    push(take());
    const double behind = std::floor((clock_.now_s() - deadline_s) / interval_s_);
    if (behind < kMostLate) late_ += static_cast<int64_t>(behind);
    deadline_s += (behind + 1) * interval_s_;
  }
}

void Sampler::pin() {
  if (cores_.empty()) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int core : cores_) {
    if (core >= 0 && core < CPU_SETSIZE) CPU_SET(core, &set);
  }
  pinned_ = pthread_setaffinity_np(pthread_self(), sizeof set, &set) == 0;
}

/// Whether to go on.
bool Sampler::sleep_until(double deadline_s) {
  for (double now_s = clock_.now_s(); !stopping_ && now_s < deadline_s; now_s = clock_.now_s()) {
    clock_.sleep_until(std::min(deadline_s, now_s + kStopCheck_s));
  }
  return !stopping_;
}

PowerSample Sampler::take() {
  PowerSample sample;
  sample.before_s = clock_.now_s();
  const auto reading = sensor_.read();
  sample.after_s = clock_.now_s();
  sample.valid = reading.has_value();
  if (reading) sample.value = *reading;
  return sample;
}

void Sampler::push(const PowerSample& sample) {
  // The ring has one slot more, for the sample that stands for those which found no place.
  const size_t capacity = ring_.size() - 1;
  if (size_ == capacity && next_number_ - size_ < keep_from_) {
    oldest_ = (oldest_ + 1) % ring_.size();
    --size_;
  }
  if (size_ < capacity) {
    store(sample);
    return;
  }
  ++overruns_;
  if (size_ > capacity) return;
  PowerSample lost = sample;
  lost.valid = false;
  store(lost);
}

void Sampler::store(const PowerSample& sample) {
  ring_[(oldest_ + size_) % ring_.size()] = sample;
  ++size_;
  ++next_number_;
}

void Sampler::mark_edge(WindowEdge edge) {
  const std::lock_guard lock(mutex_);
  if (edge == WindowEdge::kStart) {
    window_open_ = true;
    // The reading before the edge's own, if it still waits, bounds the edge too.
    if (keep_from_ == kKeepNone) keep_from_ = next_number_ - (size_ > 0 ? 1 : 0);
  }
  PowerSample sample = take();
  const bool awaited = sensor_.info().kind == SensorKind::kCounter && update_s_ > 0 &&
                       update_s_ <= kLongestAwaited_s;
  const double until_s = sample.before_s + kAwaitedPeriods * update_s_;
  for (int i = 0; awaited && i < kAwaitedReadings; ++i) {
    const PowerSample next = take();
    if (!next.valid || next.value.ticks != sample.value.ticks || next.before_s > until_s) {
      push(sample);
      sample = next;
      break;
    }
    sample = next;
  }
  push(sample);
  if (edge == WindowEdge::kEnd) window_open_ = false;
}

void Sampler::drain(PowerTrace& trace) {
  std::vector<PowerSample> waiting;
  waiting.reserve(ring_.size());  // outside the lock: the sampling thread waits for no allocation
  {
    const std::lock_guard lock(mutex_);
    for (size_t i = 0; i < size_; ++i) waiting.push_back(ring_[(oldest_ + i) % ring_.size()]);
    oldest_ = size_ = 0;
    // What an open window has had so far is the caller's now; what comes is kept as before.
    keep_from_ = window_open_ ? next_number_ : kKeepNone;
  }
  trace.samples.insert(trace.samples.end(), waiting.begin(), waiting.end());
}

int64_t Sampler::overruns() const {
  const std::lock_guard lock(mutex_);
  return overruns_;
}

int64_t Sampler::late() const {
  const std::lock_guard lock(mutex_);
  return late_;
}

}  // namespace edgetran::profile
