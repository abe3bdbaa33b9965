#include "device/meters.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <mutex>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/files.h"
#include "base/memory_file.h"
#include "base/process.h"
#include "base/text.h"
#include "profile/power_trace_csv.h"
#include "profile/recording_text.h"

namespace edgetran::device {

namespace {

using base::ErrorCategory;

/// Calibration takes seconds; only bounds waiting.
constexpr double kStart_s = 60;
/// A reader writes what it has several times a second, and ends when its input ends.
constexpr double kLast_s = 10, kEnd_s = 5;
/// Kept from before a measurement: more than profile/meters.h takes of it.
constexpr double kBefore_s = 300;
constexpr double kTick_s = 0.02;
/// Programs write their logs in pieces.
constexpr double kLogPatience_s = 3, kLogPatienceUpdates = 5;
/// No clock drifts so much between two looks: it was set, or the board was started anew.
constexpr double kJump_s = 1;
constexpr uint64_t kLogLimitBytes = uint64_t{1} << 30;

void widen(std::vector<profile::PowerSample>& samples, double by_s) {
  // Where a value was read is in doubt by so much, but values stay in their order.
  std::vector<double> room(samples.size() + 1, by_s);
  for (size_t i = 1; i < samples.size(); ++i) {
    room[i] = std::min(by_s, (samples[i].before_s - samples[i - 1].after_s) / 2);
  }
  for (size_t i = 0; i < samples.size(); ++i) {
    samples[i].before_s -= std::max(0.0, room[i]);
    samples[i].after_s += std::max(0.0, room[i + 1]);
  }
}

base::Status check_jumps(const std::vector<ClockReading>& clocks) {
  for (size_t i = 1; i < clocks.size(); ++i) {
    const double jump_s = clocks[i].offset_s - clocks[i - 1].offset_s;
    if (std::abs(jump_s) <= kJump_s) continue;
    return base::fail(ErrorCategory::kDevice,
                      fmt::format("the board's clock jumped by {:.6g} s while its meter was read, "
                                  "so that its values cannot be placed",
                                  jump_s),
                      "measure again");
  }
  return {};
}

void shift(std::vector<profile::PowerSample>& samples, double by_s) {
  for (profile::PowerSample& sample : samples) {
    sample.before_s += by_s;
    sample.after_s += by_s;
  }
}

/// The log as far as it is written in whole lines.
base::Result<profile::PowerTrace> read_log(const Meter& meter) {
  const profile::PowerLogSource& source = *meter.log;
  EDGETRAN_ASSIGN(const std::string text, base::read_file(source.file, kLogLimitBytes));
  EDGETRAN_ASSIGN(auto log, profile::parse_power_log(profile::whole_lines(text),
                                                     source.file.string(), source.format));
  log.trace.update_s = meter.update_s;
  return std::move(log.trace);
}

/// The log on this machine's clock, when it holds this moment or no more is written to it.
base::Result<profile::PowerTrace> read_whole_log(const Meter& meter,
                                                 const base::CancelToken& cancel) {
  base::SystemClock clock;
  const double now_s = clock.now_s();
  const double unix_s = clock.unix_time_s() - now_s;  // when this machine's clock was 0
  const double until_s = now_s + kLogPatience_s + kLogPatienceUpdates * meter.update_s;
  while (true) {
    EDGETRAN_ASSIGN(auto trace, read_log(meter));
    shift(trace.samples, -unix_s);
    const bool whole = !trace.samples.empty() && trace.samples.back().time_s() >= now_s;
    if (whole || clock.now_s() >= until_s) return trace;
    if (cancel.requested()) return base::fail(ErrorCategory::kInterrupted, "interrupted");
    clock.sleep_until(clock.now_s() + std::max(kTick_s, meter.update_s / 4));
  }
}

}  // namespace

/// One sensor of this machine, read by an agent's `--read-sensor`.
class Meters::SensorReader {
 public:
  static base::Result<std::unique_ptr<SensorReader>> start(const Meter& meter,
                                                           const std::filesystem::path& agent) {
    const std::string declaration = base::dump_json(meter.declaration);
    EDGETRAN_ASSIGN(auto words, base::MemoryFile::create("edgetran-meter-words"));
    base::ProcessOptions options;
    options.arguments = {agent.string(), "--read-sensor", declaration};
    options.stderr_file = words.path();
    auto child = base::ChildProcess::spawn(options);
    if (!child) {
      return base::fail(child.error().within("the program that reads the meter cannot be started"));
    }
    return std::make_unique<SensorReader>(declaration, std::move(words), std::move(*child));
  }

  SensorReader(std::string declaration, base::MemoryFile words, base::ChildProcess child)
      : declaration_(std::move(declaration)),
        words_(std::move(words)),
        child_(std::move(child)),
        thread_([this, from = child_.stdout_descriptor()] { take_all(from); }) {}

  ~SensorReader() {
    child_.close_stdin();
    if (!child_.wait(kEnd_s)) child_.stop(0);
    if (thread_.joinable()) thread_.join();
  }
  SensorReader(const SensorReader&) = delete;
  SensorReader& operator=(const SensorReader&) = delete;

  /// Until the sensor is calibrated and has been read.
  base::Status wait(const base::CancelToken& cancel) {
    base::SystemClock clock;
    const double until_s = clock.now_s() + kStart_s;
    while (clock.now_s() < until_s) {
      if (cancel.requested()) return base::fail(ErrorCategory::kInterrupted, "interrupted");
      if (const auto log = decoded(); log && !log->trace.samples.empty()) {
        update_s_ = log->trace.update_s;
        return {};
      }
      if (child_.poll()) return ended();
      clock.sleep_until(clock.now_s() + kTick_s);
    }
    return base::fail(
        ErrorCategory::kDevice,
        fmt::format("the meter {} gives no value within {:g} s", declaration_, kStart_s));
  }

  double update_s() const { return update_s_; }

  bool alive() { return !child_.poll(); }

  /// Forgets what was read before `from_s`.
  base::Status forget(double from_s) {
    const std::scoped_lock lock(mutex_);
    const std::string_view whole = profile::whole_lines(text_);
    EDGETRAN_ASSIGN(auto log, profile::decode_power_trace(whole, declaration_));
    std::erase_if(log.trace.samples,
                  [&](const profile::PowerSample& sample) { return sample.after_s < from_s; });
    text_ = profile::encode_power_trace(log).append(text_, whole.size());
    return {};
  }

  /// What has been read, this moment included.
  base::Result<profile::PowerTrace> read(const base::CancelToken& cancel) {
    base::SystemClock clock;
    const double now_s = clock.now_s(), until_s = now_s + kLast_s;
    while (clock.now_s() < until_s) {
      if (cancel.requested()) return base::fail(ErrorCategory::kInterrupted, "interrupted");
      EDGETRAN_ASSIGN(auto log, decoded());
      const auto& samples = log.trace.samples;
      if (!samples.empty() && samples.back().time_s() >= now_s) return std::move(log.trace);
      if (!alive()) return base::fail(ended().error());
      clock.sleep_until(clock.now_s() + kTick_s);
    }
    return base::fail(ErrorCategory::kDevice,
                      fmt::format("the meter {} gave no value for {:g} s", declaration_, kLast_s));
  }

 private:
  void take_all(int from) {
    std::array<char, 65536> piece;
    while (true) {
      const ssize_t size = ::read(from, piece.data(), piece.size());
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) return;
      const std::scoped_lock lock(mutex_);
      text_.append(piece.data(), static_cast<size_t>(size));
    }
  }

  base::Result<profile::PowerLog> decoded() {
    const std::scoped_lock lock(mutex_);
    return profile::decode_power_trace(profile::whole_lines(text_), declaration_);
  }

  /// Why the child is gone, in its own words.
  base::Status ended() {
    const auto status = child_.wait(kEnd_s);
    const std::string text = base::read_file(words_.path()).value_or("");
    const std::string_view words = base::trim(text);
    return base::fail(
        ErrorCategory::kDevice,
        fmt::format("the meter {} cannot be read (it {}){}{}", declaration_,
                    status ? status->describe() : "hangs", words.empty() ? "" : ": ", words));
  }

  std::string declaration_;
  base::MemoryFile words_;
  base::ChildProcess child_;
  double update_s_ = 0;
  std::mutex mutex_;
  std::string text_;    ///< guarded by mutex_
  std::thread thread_;  ///< last: it uses what is above
};

Meters::Meters() = default;
Meters::~Meters() = default;

base::Result<std::unique_ptr<Meters>> Meters::start(const std::vector<Meter>& meters,
                                                    const std::filesystem::path& agent,
                                                    const base::CancelToken& cancel) {
  std::unique_ptr<Meters> started(new Meters);
  for (const Meter& meter : meters) {
    if (meter.log) {
      EDGETRAN_TRY(read_log(meter).map([](const auto&) {}));
      started->logs_.push_back(meter);
      continue;
    }
    EDGETRAN_ASSIGN(auto reader, SensorReader::start(meter, agent));
    started->readers_.push_back(std::move(reader));
  }
  for (const auto& reader : started->readers_) EDGETRAN_TRY(reader->wait(cancel));
  return started;
}

double Meters::slowest_update_s() const {
  double slowest_s = 0;
  for (const auto& reader : readers_) slowest_s = std::max(slowest_s, reader->update_s());
  for (const Meter& log : logs_) slowest_s = std::max(slowest_s, log.update_s);
  return slowest_s;
}

bool Meters::alive() {
  return std::ranges::all_of(readers_, [](const auto& reader) { return reader->alive(); });
}

base::Status Meters::begin() {
  const double from_s = base::SystemClock().now_s() - kBefore_s;
  for (const auto& reader : readers_) EDGETRAN_TRY(reader->forget(from_s));
  return {};
}

base::Result<MeterTraces> Meters::read(const std::vector<ClockReading>& clocks,
                                       const base::CancelToken& cancel) {
  EDGETRAN_TRY(check_jumps(clocks));
  MeterTraces result;
  for (const auto& reader : readers_) {
    EDGETRAN_ASSIGN(auto trace, reader->read(cancel));
    result.traces.push_back(std::move(trace));
  }
  for (const Meter& log : logs_) {
    EDGETRAN_ASSIGN(auto trace, read_whole_log(log, cancel));
    result.traces.push_back(std::move(trace));
  }
  if (clocks.empty()) return result;
  for (const ClockReading& reading : clocks) {
    result.clock_uncertainty_s = std::max(result.clock_uncertainty_s, reading.uncertainty_s);
  }
  for (auto& trace : result.traces) {
    for (auto& sample : trace.samples) {
      const double offset_s = board_offset_s(clocks, sample.time_s());
      sample.before_s += offset_s;
      sample.after_s += offset_s;
    }
    widen(trace.samples, result.clock_uncertainty_s);
  }
  return result;
}

double board_offset_s(const std::vector<ClockReading>& clocks, double at_s) {
  const auto next = std::ranges::find_if(
      clocks, [&](const ClockReading& reading) { return reading.at_s > at_s; });
  if (next == clocks.begin()) return clocks.front().offset_s;
  if (next == clocks.end()) return clocks.back().offset_s;
  const ClockReading& before = *(next - 1);
  const double share = (at_s - before.at_s) / (next->at_s - before.at_s);
  return before.offset_s + share * (next->offset_s - before.offset_s);
}

}  // namespace edgetran::device
