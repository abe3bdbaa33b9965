#include "profile/sensors/synthetic.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <memory>

#include "base/json.h"
#include "profile/sensors/drivers.h"

namespace edgetran::profile::sensors {

namespace {

/// A counter of no stated tick counts as Intel's do, 2^-14 J.
constexpr double kDefaultTick_j = 1.0 / 16384;
constexpr double kLongest_s = 1e6;
constexpr double kLargest_w = 1e6;

base::Settings<SyntheticSettings> declare() {
  using S = SyntheticSettings;
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  base::Settings<S> settings;
  settings.choice("kind", &S::kind, {"gauge", "counter"}, "power now, or energy since some moment")
      .choice("shape", &S::shape, waveform_shapes(), "course of the power")
      .number("base_w", &S::base_w, 0, kLargest_w, "W", "lowest power")
      .number("swing_w", &S::swing_w, 0, kLargest_w, "W", "highest power less the lowest")
      .number("period_s", &S::period_s, 1e-6, kLongest_s, "s", "period of the course")
      .number("duty", &S::duty, 0, 1, "", "share of a period at the highest power")
      .number("phase_s", &S::phase_s, -kLongest_s, kLongest_s, "s", "by which the course is early")
      .integer("seed", &S::seed, 0, kMost, "", "of the bursts and of the moments in readings")
      .number("update_s", &S::update_s, 0, kLongest_s, "s", "time between updates of the value")
      .number("update_phase_s", &S::update_phase_s, 0, kLongest_s, "s", "delay of the updates")
      .number("averaging_s", &S::averaging_s, 0, kLongest_s, "s", "a gauge's value is a mean over")
      .number("resolution", &S::resolution, 0, kLargest_w, "W or J", "smallest step of the value")
      .integer("range_ticks", &S::range_ticks, 0, kMost, "ticks", "of a counter; 0: 2^64")
      .integer("start_ticks", &S::start_ticks, 0, kMost, "ticks", "first value of a counter")
      .number("rating_w", &S::rating_w, 0, kLargest_w, "W", "largest possible power; 0: not known")
      .number("gain_error", &S::gain_error, 0, 1, "", "one standard deviation; 0: not known")
      .number("read_s", &S::read_s, 0, kLongest_s, "s", "time that a reading takes")
      .choice("fault", &S::fault, {"none", "gap", "error", "nan", "spike", "drift", "reset"},
              "what goes wrong")
      .number("fault_at_s", &S::fault_at_s, 0, kLongest_s, "s", "when it begins to")
      .number("fault_for_s", &S::fault_for_s, 0, kLongest_s, "s", "for how long")
      .number("fault_size", &S::fault_size, -kLargest_w, kLargest_w, "", "how much");
  return settings;
}

SensorInfo describe(const SyntheticSettings& settings) {
  SensorInfo info;
  info.driver = "synthetic";
  info.channel = info.domain = settings.shape;
  // Nothing else tells two of one shape apart, and what one was calibrated to is not the other's.
  info.source = base::dump_json(synthetic_settings().write(settings));
  info.boundary = Boundary::kEstimate;
  if (settings.kind == "counter") {
    info.kind = SensorKind::kCounter;
    info.joules_per_tick = settings.resolution > 0 ? settings.resolution : kDefaultTick_j;
    info.range_ticks = static_cast<uint64_t>(settings.range_ticks);
  } else {
    info.kind = SensorKind::kGauge;
    info.resolution_w = settings.resolution;
    info.averaging_s = settings.averaging_s;
  }
  if (settings.gain_error > 0) info.gain_error = settings.gain_error;
  if (settings.rating_w > 0) info.rating_w = settings.rating_w;
  return info;
}

/// A synthetic sensor on the system's clock.
class SystemSyntheticSensor final : public Sensor {
 public:
  explicit SystemSyntheticSensor(const SyntheticSettings& settings) : sensor_(settings, clock_) {}
  const SensorInfo& info() const override { return sensor_.info(); }
  base::Result<Reading> read() override { return sensor_.read(); }

 private:
  base::SystemClock clock_;
  SyntheticSensor sensor_;
};

FoundSensors find(const SensorHost& /*host*/) { return {}; }

base::Status check_together(const SyntheticSettings& settings, const base::ConfigValue& place) {
  if (settings.range_ticks != 0 && settings.start_ticks >= settings.range_ticks) {
    return base::fail(
        place.error(fmt::format("start_ticks is {}, outside the counter's range of {} ticks",
                                settings.start_ticks, settings.range_ticks),
                    "give less than range_ticks"));
  }
  const bool counter = settings.kind == "counter";
  const bool of_gauges = settings.fault == "nan" || settings.fault == "drift";
  if (counter ? of_gauges : settings.fault == "reset") {
    return base::fail(
        place.error(fmt::format("fault {} does not happen to a {}", settings.fault, settings.kind),
                    "nan and drift are faults of gauges, reset is one of counters"));
  }
  return {};
}

base::Result<std::unique_ptr<Sensor>> make(const SensorHost& /*host*/, base::ConfigMap& map) {
  SyntheticSettings settings;
  EDGETRAN_TRY(synthetic_settings().read(map, settings));
  EDGETRAN_TRY(check_together(settings, map.value()));
  return std::make_unique<SystemSyntheticSensor>(settings);
}

}  // namespace

const SensorDriver kSynthetic = {
    .name = "synthetic",
    .text = "a known course of power with faults on demand, to try the chain without hardware",
    .find = find,
    .make = make};

const base::Settings<SyntheticSettings>& synthetic_settings() {
  static const base::Settings<SyntheticSettings> kSettings = declare();
  return kSettings;
}

SyntheticSensor::SyntheticSensor(const SyntheticSettings& settings, base::Clock& clock)
    : settings_(settings),
      clock_(clock),
      info_(describe(settings)),
      moments_(static_cast<uint64_t>(settings.seed), "synthetic.moments"),
      origin_s_(clock.now_s()) {}

base::Result<Reading> SyntheticSensor::read() {
  const double begun_s = clock_.now_s();
  if (settings_.fault == "gap" && !gap_taken_ && begun_s - origin_s_ >= settings_.fault_at_s) {
    gap_taken_ = true;
    clock_.sleep_until(begun_s + settings_.fault_for_s);
    return value_at(begun_s - origin_s_);
  }
  double time_s = begun_s - origin_s_;
  if (settings_.read_s > 0) {
    clock_.sleep_until(begun_s + moments_.uniform() * settings_.read_s);
    time_s = clock_.now_s() - origin_s_;
    clock_.sleep_until(begun_s + settings_.read_s);
  }
  if (faulty("error", time_s)) {
    return base::fail(base::ErrorCategory::kDevice, "synthetic: an injected read error");
  }
  return value_at(time_s);
}

double SyntheticSensor::energy_j(double start_s, double end_s) const {
  return waveform_energy_j(settings_, end_s - origin_s_) -
         waveform_energy_j(settings_, start_s - origin_s_);
}

bool SyntheticSensor::faulty(const char* fault, double time_s) const {
  return settings_.fault == fault && time_s >= settings_.fault_at_s &&
         time_s < settings_.fault_at_s + settings_.fault_for_s;
}

Reading SyntheticSensor::value_at(double time_s) const {
  double updated_s = time_s;
  if (settings_.update_s > 0) {
    const double since_s = time_s - settings_.update_phase_s;
    updated_s =
        std::floor(since_s / settings_.update_s) * settings_.update_s + settings_.update_phase_s;
  }
  if (info_.kind == SensorKind::kCounter) return {.ticks = ticks_at(time_s, updated_s)};
  return {.watts = watts_at(time_s, updated_s)};
}

uint64_t SyntheticSensor::ticks_at(double time_s, double updated_s) const {
  double counted_j = waveform_energy_j(settings_, updated_s);
  if (faulty("spike", time_s)) counted_j += settings_.fault_size;
  const bool reset = settings_.fault == "reset" && updated_s >= settings_.fault_at_s;
  if (reset) counted_j -= waveform_energy_j(settings_, settings_.fault_at_s);
  const auto counted = static_cast<int64_t>(std::floor(counted_j / info_.joules_per_tick));
  const auto ticks =
      static_cast<uint64_t>(reset ? 0 : settings_.start_ticks) + static_cast<uint64_t>(counted);
  if (info_.range_ticks == 0) return ticks;
  // Before the sensor was made the count is below its first value: lift it by whole ranges.
  const auto range = static_cast<int64_t>(info_.range_ticks);
  return static_cast<uint64_t>((static_cast<int64_t>(ticks) % range + range) % range);
}

double SyntheticSensor::watts_at(double time_s, double updated_s) const {
  if (faulty("nan", time_s)) return std::numeric_limits<double>::quiet_NaN();
  double watts = settings_.averaging_s > 0
                     ? (waveform_energy_j(settings_, updated_s) -
                        waveform_energy_j(settings_, updated_s - settings_.averaging_s)) /
                           settings_.averaging_s
                     : waveform_power_w(settings_, updated_s);
  if (faulty("spike", time_s)) watts *= settings_.fault_size;
  if (settings_.fault == "drift" && time_s > settings_.fault_at_s) {
    watts *= 1 + settings_.fault_size * (time_s - settings_.fault_at_s);
  }
  if (settings_.resolution > 0) {
    watts = std::round(watts / settings_.resolution) * settings_.resolution;
  }
  return watts;
}

}  // namespace edgetran::profile::sensors
