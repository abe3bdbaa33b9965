// measure, trace
#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "base/files.h"
#include "device/board.h"
#include "profile/power_log.h"
#include "profile/power_plan.h"
#include "profile/power_trace_csv.h"
#include "profile/prometheus.h"
#include "profile/recording_text.h"
#include "profile/recording_trace.h"
#include "service/folder_or_spec.h"
#include "service/measurement_text.h"
#include "service/measuring_request.h"
#include "service/operations.h"
#include "service/study/hardware.h"

namespace edgetran::service {

namespace {

namespace fs = std::filesystem;
using base::ErrorCategory;
using base::Json;
using base::Result;

constexpr uint64_t kMaxRawBytes = uint64_t{4} << 30;

// -- measure --------------------------------------------------------------------------------------

struct MeasureRequest : MeasuringRequest {
  std::string model;
  std::string raw;
  std::string out;
  bool require_energy = false;
};

/// Why there is no energy although it was asked for: what can be done comes first.
base::Error no_energy(const Json& record) {
  std::string fix;
  const Json notes = record.value("/provenance/sensor_notes"_json_pointer, Json::array());
  for (const Json& note : notes) {
    if (fix.empty()) fix = note.value("fix", std::string());
  }
  return {ErrorCategory::kPermission,
          "no energy was measured: " + record.value("reason", std::string()),
          fix.empty() ? "edgetran doctor lists this machine's sensors" : fix};
}

/// The raw samples' file where only the record's is named: "r.json" has "r.samples.jsonl", "r.1"
/// "r.1.samples.jsonl".
std::string raw_file(const MeasureRequest& request) {
  if (!request.raw.empty() || request.out.empty()) return request.raw;
  fs::path file = request.out;
  if (file.extension() == ".json") file.replace_extension();
  return file.string() + ".samples.jsonl";
}

/// A file that an operation reads or writes, and what it is called in messages.
struct NamedFile {
  std::string name;
  std::string path;
};

/// kUsage where `written` is also one of `others`: one would be lost.
base::Status check_apart(const NamedFile& written, const std::vector<NamedFile>& others) {
  const auto place = [](const std::string& path) {
    std::error_code error;
    return fs::weakly_canonical(fs::absolute(path), error);
  };
  for (const NamedFile& other : others) {
    if (written.path.empty() || other.path.empty()) continue;
    if (place(written.path) != place(other.path)) continue;
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("{} and {} are one file, {}, which would be overwritten",
                                  written.name, other.name, written.path),
                      fmt::format("give {} another name", written.name));
  }
  return {};
}

/// Writes the record, which names its samples relative to its own folder.
base::Status keep(const MeasureRequest& request, const std::string& raw, Json& record) {
  if (!raw.empty()) record["raw"]["path"] = raw;
  if (request.out.empty()) return {};
  Json kept = record;
  const fs::path folder = fs::absolute(request.out).parent_path();
  kept["raw"]["path"] = fs::absolute(raw).lexically_proximate(folder).string();
  return base::write_file_atomic(request.out, base::dump_json(kept) + "\n");
}

/// The measurement, its raw samples streamed into a file that appears when it is whole.
Result<device::Measurement> measure_into(const std::string& raw, Hardware& hardware,
                                         const StudyDevice& device, const DeployableModel& model,
                                         const MeasureRequest& request, Context& context) {
  EDGETRAN_ASSIGN(const std::string bytes, hardware.export_model(device, model, context.cancel));
  std::optional<base::AtomicFile> file;
  device::RawSink sink;
  if (!raw.empty()) {
    EDGETRAN_ASSIGN(file, base::AtomicFile::create(raw));
    sink = [&file](std::string_view text) { return file->write(text); };
  }
  EDGETRAN_ASSIGN(auto measured,
                  hardware.measure(device, model, bytes, request.profile,
                                   static_cast<uint64_t>(request.seed), context, sink));
  if (file) EDGETRAN_TRY(file->commit());
  return measured;
}

Result<Reply> measure(Context& context, const MeasureRequest& request) {
  const std::string raw = raw_file(request);
  const std::vector<NamedFile> read = {{"the model", request.model}, {"--device", request.device}};
  const NamedFile samples{"the raw samples' file", raw};
  EDGETRAN_TRY(check_apart(samples, read));
  EDGETRAN_TRY(check_apart({"--out", request.out}, read));
  EDGETRAN_TRY(check_apart({"--out", request.out}, {samples}));
  EDGETRAN_ASSIGN(const auto loaded,
                  read_folder_or_spec(request.model, request.mask, request.seed));
  EDGETRAN_ASSIGN(auto opened, open_device(context, request));
  const StudyDevice& device = opened.device;
  const DeployableModel model = loaded.deployable();
  EDGETRAN_ASSIGN(auto measured,
                  measure_into(raw, opened.hardware, device, model, request, context));
  EDGETRAN_TRY(keep(request, raw, measured.record));
  if (request.require_energy && measured.record["energy"].is_null()) {
    return tl::unexpected(no_energy(measured.record));
  }
  Reply reply;
  reply.data = measured.record;
  reply.text = measurement_text(request.model, device.name, measured.record);
  if (measured.record.value("verdict", std::string()) == "INVALID") {
    reply.outcome = ErrorCategory::kDevice;
  }
  return reply;
}

// -- trace ----------------------------------------------------------------------------------------

struct TraceRequest {
  std::string samples;
  std::string to = "csv";
  std::string sensor;
  std::string out;
};

Result<profile::PowerLog> find_log(const profile::Recording& recording, const std::string& sensor) {
  auto logs = profile::power_logs(recording);
  std::vector<std::string> names;
  for (auto& [name, log] : logs) {
    if (sensor.empty() || name == sensor) return std::move(log);
    names.push_back(name);
  }
  if (names.empty()) {
    return base::fail(ErrorCategory::kNotFound, "the samples hold no trace of power",
                      "only measurements on devices with a power sensor have one");
  }
  return base::fail(ErrorCategory::kNotFound, fmt::format("there is no sensor \"{}\"; there are {}",
                                                          sensor, fmt::join(names, ", ")));
}

Result<Reply> trace(Context& /*context*/, const TraceRequest& request) {
  EDGETRAN_TRY(check_apart({"--out", request.out}, {{"the samples' file", request.samples}}));
  EDGETRAN_ASSIGN(const std::string text, base::read_file(request.samples, kMaxRawBytes));
  const auto recording = profile::decode_recording(text);
  if (!recording) return base::fail(base::Error(recording.error()).within(request.samples));
  const auto log = find_log(*recording, request.sensor);
  if (!log) return base::fail(base::Error(log.error()).within(request.samples));
  Reply reply;
  if (request.to == "prometheus") {
    auto figures = profile::sensor_figures(*recording);
    std::erase_if(figures, [&](const profile::SensorFigures& one) {
      return !request.sensor.empty() && profile::sensor_name(one.info) != request.sensor;
    });
    reply.text = profile::prometheus_text(figures);
  } else {
    reply.text = profile::encode_power_trace(*log);
  }
  reply.data = {{"format", request.to}, {"text", reply.text}};
  if (request.out.empty()) return reply;
  EDGETRAN_TRY(base::write_file_atomic(request.out, reply.text));
  reply.text = fmt::format("written to {}\n", request.out);
  reply.data = {{"format", request.to}, {"file", request.out}};
  return reply;
}

}  // namespace

std::vector<Operation> measurement_operations() {
  base::Settings<MeasureRequest> measure_settings;
  measure_settings.string("model", &MeasureRequest::model, "Model folder, or a spec file")
      .include(measuring_settings())
      .string("raw", &MeasureRequest::raw, "File for the raw samples")
      .string("out", &MeasureRequest::out,
              "File for the record; its raw samples are kept beside it, for recheck")
      .boolean("require_energy", &MeasureRequest::require_energy,
               "Fail (exit 4) where no power sensor can be read");

  base::Settings<TraceRequest> trace_settings;
  trace_settings.string("samples", &TraceRequest::samples, "Raw samples of a measurement")
      .choice("to", &TraceRequest::to, {"csv", "prometheus"}, "Format")
      .string("sensor", &TraceRequest::sensor,
              "Sensor, by name; empty: the first (csv), all (prometheus)")
      .string("out", &TraceRequest::out, "File; empty: standard output");

  return {operation("measure", "Measure an encoder on a device", measure_settings, {"model"}, {},
                    measure),
          operation("trace", "The power trace of a measurement, with its phases", trace_settings,
                    {"samples"}, {}, trace)};
}

}  // namespace edgetran::service
