#include "profile/machine_sensors.h"

#include <utility>

#include "base/files.h"
#include "profile/counter_readings.h"

namespace edgetran::profile {

namespace {

using base::Json;

constexpr const char* kCalibrationsFormat = "edgetran.calibrations/1";
constexpr uint64_t kMaxCalibrationsBytes = uint64_t{1} << 20;
/// What counter_readings.h asks for, to tell mirrored registers from others.
constexpr int kRounds = 3;
constexpr double kRoundPause_s = 0.02;

std::string boot_of(const std::filesystem::path& root) {
  auto text = base::read_file(root / "proc/sys/kernel/random/boot_id", 4096).value_or("");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

Json calibration_json(const Calibration& calibration) {
  return {{"update_s", calibration.update_s},
          {"read_s", calibration.read_s},
          {"resolution_w", calibration.resolution_w},
          {"resolution_ticks", calibration.resolution_ticks},
          {"readings", calibration.readings},
          {"changes", calibration.changes}};
}

std::optional<Calibration> calibration_of(const Json& json) {
  try {
    return Calibration{.update_s = json.at("update_s").get<double>(),
                       .read_s = json.at("read_s").get<double>(),
                       .resolution_w = json.at("resolution_w").get<double>(),
                       .resolution_ticks = json.at("resolution_ticks").get<uint64_t>(),
                       .readings = json.at("readings").get<int64_t>(),
                       .changes = json.at("changes").get<int64_t>()};
  } catch (const Json::exception&) {
    return std::nullopt;  // a damaged cache is made anew
  }
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
      calibrations_file_(std::move(calibrations)),
      boot_(boot_of(root)) {
  if (calibrations_file_.empty()) return;
  const auto text = base::read_file(calibrations_file_, kMaxCalibrationsBytes);
  if (!text) return;
  const auto json = base::parse_json(*text, calibrations_file_.string());
  if (!json || !json->is_object()) return;
  const bool ours = json->value("format", Json()) == kCalibrationsFormat &&
                    json->value("boot", Json()) == boot_ && json->contains("sensors") &&
                    json->at("sensors").is_object();
  if (ours) calibrations_ = json->at("sensors");
}

PowerPlan MachineSensors::plan() {
  if (!chosen_) choose();
  PowerPlan plan;
  note_problems(plan.notes);
  std::vector<std::optional<size_t>> places;  // of the chosen, among those that can be read
  for (const size_t index : chosen_->sensors) {
    Sensor& sensor = *found_.sensors[index];
    auto recorder = recorder_of(sensor, clock_, known(sensor.info()));
    const auto calibration = recorder->calibrate();
    if (!calibration) {
      plan.notes.push_back(
          note(sensor_name(sensor.info()), calibration.error().message, calibration.error().hint));
      places.emplace_back();
      continue;
    }
    keep(sensor.info(), *calibration);
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
  domains_ = power_domains(infos, readings);
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
  const auto found = calibrations_.find(sensor_name(info));
  return found == calibrations_.end() ? std::nullopt : calibration_of(*found);
}

void MachineSensors::keep(const SensorInfo& info, const Calibration& calibration) {
  const std::string name = sensor_name(info);
  if (calibrations_.contains(name)) return;
  calibrations_[name] = calibration_json(calibration);
  if (calibrations_file_.empty() || boot_.empty()) return;
  const Json json = {{"format", kCalibrationsFormat}, {"boot", boot_}, {"sensors", calibrations_}};
  // A cache: where it cannot be written, the next process calibrates again.
  static_cast<void>(base::write_file_atomic(calibrations_file_, base::dump_json(json) + "\n"));
}

}  // namespace edgetran::profile
