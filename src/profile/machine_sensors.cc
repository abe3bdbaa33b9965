#include "profile/machine_sensors.h"

#include <utility>

#include "base/files.h"
#include "profile/counter_readings.h"

namespace edgetran::profile {

namespace {

using base::Json;

/// What counter_readings.h asks for, to tell mirrored registers from others.
constexpr int kRounds = 3;
constexpr double kRoundPause_s = 0.02;
/// A sensor that was quiet may not be the next time, so what was not found is looked for again; but
/// of a campaign's time, in which every model is a session, it takes a tenth at most.
constexpr double kQuietFor = 10;

std::string boot_of(const std::filesystem::path& root) {
  auto text = base::read_file(root / "proc/sys/kernel/random/boot_id", 4096).value_or("");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

Json note(const std::string& sensor, const std::string& message, const std::string& fix) {
  return {{"sensor", sensor}, {"message", message}, {"fix", fix}};
}

}  // namespace

MachineSensors::MachineSensors(FoundSensors found, base::Clock& clock,
                               std::filesystem::path calibrations,
                               const std::filesystem::path& root)
    : found_(std::move(found)),
      clock_(clock),
      calibrations_(std::move(calibrations), boot_of(root)) {}

PowerPlan MachineSensors::plan() {
  if (!chosen_) choose();
  PowerPlan plan;
  note_problems(plan.notes);
  std::vector<std::optional<size_t>> places;  // of the chosen, among those that can be read
  for (const size_t index : chosen_->sensors) {
    Sensor& sensor = *found_.sensors[index];
    const auto before = known(sensor.info());
    auto recorder = recorder_of(sensor, clock_, before);
    const auto calibration = calibrate(*recorder, before.has_value());
    if (!calibration) {
      plan.notes.push_back(
          note(sensor_name(sensor.info()), calibration.error().message, calibration.error().hint));
      places.emplace_back();
      continue;
    }
    places.emplace_back(plan.recorders.size());
    plan.recorders.push_back(std::move(recorder));
  }
  // A total with a part that cannot be read would be too small without saying so: it is no total.
  for (const PowerTotal& total : chosen_->totals) {
    PowerTotal readable{total.boundary, {}};
    for (const size_t sensor : total.sensors) {
      if (places[sensor]) readable.sensors.push_back(*places[sensor]);
    }
    if (readable.sensors.size() == total.sensors.size()) plan.totals.push_back(readable);
  }
  for (const SensorPair& pair : chosen_->pairs) {
    if (places[pair.counter] && places[pair.gauge]) {
      plan.pairs.push_back({*places[pair.counter], *places[pair.gauge]});
    }
  }
  return plan;
}

void MachineSensors::choose() {
  std::vector<SensorInfo> infos;
  infos.reserve(found_.sensors.size());
  for (const auto& sensor : found_.sensors) infos.push_back(sensor->info());
  const auto readings = read_counters(
      found_.sensors, kRounds, [this] { clock_.sleep_until(clock_.now_s() + kRoundPause_s); });
  SensorFaults faults{.still = watch_still_counters(found_.sensors, readings, clock_)};
  for (const SensorProblem& problem : found_.problems) {
    faults.missing.insert(faults.missing.end(), problem.missing.begin(), problem.missing.end());
  }
  domains_ = power_domains(infos, readings, faults);
  chosen_ = choose_sensors(infos, domains_);
}

void MachineSensors::note_problems(Json& notes) const {
  for (const SensorProblem& problem : found_.problems) {
    notes.push_back(note(problem.driver + " " + problem.source, problem.message, problem.fix));
  }
  for (const LeftOutSensor& left : domains_.left_out) {
    notes.push_back(note(sensor_name(found_.sensors[left.sensor]->info()), left.reason, ""));
  }
}

std::optional<Calibration> MachineSensors::known(const SensorInfo& info) const {
  if (auto kept = calibrations_.find(info)) return kept;
  const auto quiet = quiet_.find(calibration_key(info));
  if (quiet == quiet_.end() || clock_.now_s() >= quiet->second.until_s) return std::nullopt;
  return quiet->second.calibration;
}

base::Result<Calibration> MachineSensors::calibrate(PowerRecorder& recorder, bool known) {
  const double begun_s = clock_.now_s();
  auto calibration = recorder.calibrate();
  if (known || !calibration) return calibration;
  if (calibration->update_s > 0) {
    calibrations_.keep(recorder.info(), *calibration);
  } else {
    const double now_s = clock_.now_s();
    quiet_[calibration_key(recorder.info())] = {*calibration,
                                                now_s + kQuietFor * (now_s - begun_s)};
  }
  return calibration;
}

}  // namespace edgetran::profile
