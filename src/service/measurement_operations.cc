// measure, recheck, trace
#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "base/files.h"
#include "device/board.h"
#include "profile/power_log.h"
#include "profile/power_trace_csv.h"
#include "profile/prometheus.h"
#include "profile/recheck.h"
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

constexpr uint64_t kMaxRecordBytes = uint64_t{1} << 30;
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

/// The raw samples' file where only the record's is named: "r.json" has "r.samples.jsonl".
std::string raw_file(const MeasureRequest& request) {
  if (!request.raw.empty() || request.out.empty()) return request.raw;
  return fs::path(request.out).replace_extension(".samples.jsonl").string();
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
  EDGETRAN_ASSIGN(const auto loaded,
                  read_folder_or_spec(request.model, request.mask, request.seed));
  EDGETRAN_ASSIGN(auto opened, open_device(context, request));
  const StudyDevice& device = opened.device;
  const DeployableModel model = loaded.deployable();
  const std::string raw = raw_file(request);
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

// -- recheck --------------------------------------------------------------------------------------

struct RecheckRequest {
  std::string result;
  std::string raw;
};

/// A record and what it is called in the table.
struct Kept {
  std::string name;
  Json record;
};

/// The records of a file: one record, or lines of {"spec", "record"} (measurements.jsonl), which a
/// folder holds under that name.
Result<std::vector<Kept>> read_records(const fs::path& file) {
  EDGETRAN_ASSIGN(const std::string text, base::read_file(file, kMaxRecordBytes));
  std::vector<Kept> records;
  if (file.extension() != ".jsonl") {
    EDGETRAN_ASSIGN(Json record, base::parse_json(text, file.string()));
    records.push_back({file.string(), std::move(record)});
    return records;
  }
  std::string_view rest = text;
  for (size_t number = 1; !rest.empty(); ++number) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string name = fmt::format("{}:{}", file.string(), number);
    EDGETRAN_ASSIGN(Json line, base::parse_json(rest.substr(0, end), name));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.is_object() && line.contains("record")) records.push_back({name, line["record"]});
  }
  return records;
}

/// Where the record's raw samples are: as it is said, else as the record says it.
Result<fs::path> raw_of(const Kept& kept, const fs::path& folder, const std::string& said) {
  if (!said.empty()) return said;
  const Json path = kept.record.value("/raw/path"_json_pointer, Json());
  if (path.is_string()) return folder / path.get<std::string>();
  return base::fail(ErrorCategory::kUsage,
                    fmt::format("{} does not say where its raw samples are", kept.name),
                    "name them with --raw, and measure with --out so that they are kept");
}

Json recheck_row(const std::string& name, const char* verdict, const std::string& difference) {
  return {{"result", name}, {"verdict", verdict}, {"difference", difference}};
}

/// One row a difference; a record that is computed alike has one row that says so.
base::Status recheck_one(const Kept& kept, const fs::path& raw, Reply& reply) {
  const auto text = base::read_file(raw, kMaxRawBytes);
  if (!text) {
    return base::fail(base::Error(text.error()).within("the raw samples of " + kept.name));
  }
  const auto differences = profile::recheck(kept.record, *text);
  if (!differences) return base::fail(base::Error(differences.error()).within(kept.name));
  for (const std::string& difference : *differences) {
    reply.data.push_back(recheck_row(kept.name, "differs", difference));
    reply.outcome = ErrorCategory::kCorrupt;
  }
  if (differences->empty()) reply.data.push_back(recheck_row(kept.name, "equal", ""));
  return {};
}

Result<Reply> recheck(Context& /*context*/, const RecheckRequest& request) {
  fs::path file = request.result;
  if (fs::is_directory(file)) file /= "measurements.jsonl";
  EDGETRAN_ASSIGN(const auto records, read_records(file));
  Reply reply;
  reply.data = Json::array();
  reply.columns = {{"result", "result"}, {"verdict", "verdict"}, {"difference", "difference"}};
  for (const Kept& kept : records) {
    // Among others a record from a table is no mistake; it has no samples.
    if (records.size() > 1 && kept.record.value("kind", Json()) == "replayed") {
      reply.data.push_back(recheck_row(kept.name, "replayed", ""));
      continue;
    }
    const auto status =
        raw_of(kept, file.parent_path(), request.raw).and_then([&](const fs::path& raw) {
          return recheck_one(kept, raw, reply);
        });
    if (status) continue;
    if (records.size() == 1) return base::fail(status.error());
    reply.data.push_back(recheck_row(kept.name, "unreadable", status.error().message));
    reply.outcome = status.error().category;
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
  EDGETRAN_ASSIGN(const std::string text, base::read_file(request.samples, kMaxRawBytes));
  EDGETRAN_ASSIGN(const auto recording, profile::decode_recording(text));
  Reply reply;
  if (request.to == "prometheus") {
    reply.text = profile::prometheus_text(profile::sensor_figures(recording));
  } else {
    EDGETRAN_ASSIGN(const auto log, find_log(recording, request.sensor));
    reply.text = profile::encode_power_trace(log);
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

  base::Settings<RecheckRequest> recheck_settings;
  recheck_settings
      .string("result", &RecheckRequest::result,
              "Record file of measure --out, measurements.jsonl, or a campaign's folder")
      .string("raw", &RecheckRequest::raw, "Raw samples; empty: where the record says");

  base::Settings<TraceRequest> trace_settings;
  trace_settings.string("samples", &TraceRequest::samples, "Raw samples of a measurement")
      .choice("to", &TraceRequest::to, {"csv", "prometheus"}, "Format")
      .string("sensor", &TraceRequest::sensor, "Sensor, by name; empty: the first (csv)")
      .string("out", &TraceRequest::out, "File; empty: standard output");

  return {operation("measure", "Measure an encoder on a device", measure_settings, {"model"}, {},
                    measure),
          operation("recheck", "Compute a measurement's figures anew from its raw samples",
                    recheck_settings, {"result"}, {}, recheck),
          operation("trace", "The power trace of a measurement, with its phases", trace_settings,
                    {"samples"}, {}, trace)};
}

}  // namespace edgetran::service
