// The agent's verb `measure`, mode `latency`: a session, its raw samples and its record.
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "base/version.h"
#include "profile/agent.h"
#include "profile/preflight.h"
#include "profile/record.h"
#include "profile/recording_text.h"
#include "profile/session.h"

namespace edgetran::profile {

namespace {

using base::Json;
using wire::Answer;
using wire::Call;

/// Raw text of an event at most: with its quotes escaped it fits a frame of the protocol.
constexpr size_t kEventBytes = size_t{256} << 10;

/// Between windows a client is asked to renew its lease when so little of it is left, and waited
/// for: its answer shall not come into the next window.
constexpr double kRenewBelow = 2.0 / 3;
constexpr double kRenewWait_s = 0.25, kLateRenewWait_s = 5, kRenewLook_s = 0.001;

/// The raw text of a measurement: what it goes on from, and what is new, which is sent as it comes.
class RawText {
 public:
  RawText(std::string text, base::EventSink& events) : text_(std::move(text)), events_(events) {}

  /// Whole lines.
  void add(std::string_view lines) {
    text_ += lines;
    while (!lines.empty()) {
      size_t size = lines.size();
      if (size > kEventBytes) {
        size = lines.rfind('\n', kEventBytes - 1) + 1;
        if (size == 0) size = lines.find('\n') + 1;  // one line longer than that
      }
      events_.emit({"raw", {{"text", lines.substr(0, size)}}});
      lines.remove_prefix(size);
    }
  }

  const std::string& text() const { return text_; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  base::EventSink& events_;
};

/// Whether the samples to go on from were taken of the same thing. The commit and the engine's
/// version are part of it: another program's times are others.
base::Status check_header(const RecordingHeader& earlier, const RecordingHeader& now) {
  if (encode_header(earlier) == encode_header(now)) return {};
  return base::fail(base::ErrorCategory::kUsage,
                    "the raw samples to go on from are of another request or another program",
                    "measure from the beginning");
}

}  // namespace

base::Result<Answer> Agent::measure_latency(const AgentMeasure& request,
                                            const RuntimeFactory& factory, Call& call) {
  loaded_.reset();  // nothing else may sit in the memory that is measured
  const RuntimeInfo info = factory.info();
  EDGETRAN_TRY(check_lease(info.modelled));
  EDGETRAN_ASSIGN(const auto model, find_model(request, info.modelled));
  EDGETRAN_ASSIGN(const auto runtime, factory.create());
  const RecordingHeader wanted =
      header(request, info,
             info.modelled ? static_cast<uint64_t>(request.model_bytes) : uint64_t{model->size()});
  std::string text = encode_header(wanted);
  Recording earlier;
  if (request.resume) {
    text = std::string(whole_lines(call.blob));
    EDGETRAN_ASSIGN(earlier, decode_recording(text));
    EDGETRAN_TRY(check_header(earlier.header, wanted));
  }
  RawText raw(request.resume ? text : std::string(), call.events);
  if (!request.resume) raw.add(text);
  EDGETRAN_ASSIGN(Segment start, preflight(request, info));
  PowerPlan power;
  if (info.modelled) {
    EDGETRAN_ASSIGN(power, modelled_plan(*runtime, request.settings));
  } else {
    power = sensors().plan();
  }
  const bool real = !info.modelled;
  Runtime& engine = *runtime;
  const SessionContext context{.events = call.events,
                               .cancel = call.cancel,
                               .lease_holds = [this, &call] { return keep_lease(call.events); },
                               .raw = [&raw](std::string_view lines) { raw.add(lines); },
                               .thermal =
                                   [&, real] {
                                     return real ? read_thermal(options_.root)
                                                 : engine.thermal_state().value_or(ThermalState{});
                                   }};
  EDGETRAN_TRY(run_session(engine,
                           {.model = *model,
                            .settings = request.settings,
                            .profile = request.profile,
                            .vocabulary = request.vocabulary,
                            .seed = static_cast<uint64_t>(request.seed),
                            .preflight = std::move(start),
                            .meter_update_s = request.meter_update_s,
                            .earlier = request.resume ? &earlier : nullptr},
                           std::move(power), context)
                   .map([](const Segment&) {}));
  return record_answer(raw.take());
}

bool Agent::keep_lease(base::EventSink& events) {
  const double left_s = lease_.left_s();
  if (left_s > kRenewBelow * lease_.seconds()) return lease_.holds();
  events.emit({"renew", base::Json::object()});
  // A window may have taken longer than the lease: its client gets the time to answer.
  const double until_s = clock_.now_s() + (left_s > 0 ? kRenewWait_s : kLateRenewWait_s);
  while (lease_.left_s() <= left_s && clock_.now_s() < until_s) {
    clock_.sleep_until(std::min(until_s, clock_.now_s() + kRenewLook_s));
  }
  return lease_.holds();
}

base::Result<Answer> Agent::record_answer(std::string raw) {
  // The record is what the raw text says, and nothing else: `recheck` does the same.
  EDGETRAN_ASSIGN(const Recording recording, decode_recording(raw));
  if (recording.measured().empty()) {
    return base::fail(base::ErrorCategory::kDevice,
                      "the lease ran out before anything was measured", "renew it in time");
  }
  const uint64_t bytes = raw.size();
  const std::string sha256 = base::sha256_hex(raw);
  Json record = make_record(recording, sha256, bytes);
  EDGETRAN_TRY(results_.put(std::move(raw)).map([](const auto&) {}));
  return Answer{{{"record", std::move(record)}}, {}};
}

RecordingHeader Agent::header(const AgentMeasure& request, const RuntimeInfo& runtime,
                              uint64_t model_bytes) const {
  RecordingHeader header;
  header.program = "edgetran-agent";
  header.version = base::kVersion;
  header.commit = options_.commit;
  header.runtime = runtime.name;
  header.runtime_version = runtime.version;
  header.modelled = runtime.modelled;
  header.model = request.model;
  header.model_bytes = model_bytes;
  header.device = request.device;
  header.deployment = request.deployment;
  header.environment = request.environment;
  header.settings = request.settings;
  header.law = request.law;
  header.profile = request.profile;
  header.vocabulary = request.vocabulary;
  header.seed = static_cast<uint64_t>(request.seed);
  header.cost = request.cost;
  return header;
}

base::Result<Segment> Agent::preflight(const AgentMeasure& request, const RuntimeInfo& runtime) {
  Segment segment;
  if (runtime.modelled) return segment;  // holds nothing of this machine
  EDGETRAN_ASSIGN(const HostInfo host, read_host(options_.root));
  if (request.settings.accelerator == "CPU" && request.settings.threads > host.cores) {
    return base::fail(base::ErrorCategory::kUsage,
                      fmt::format("{} threads were asked for; {} cores are usable here",
                                  request.settings.threads, host.cores),
                      "choose a deployment with fewer threads");
  }
  Preflight found = check_machine(host, read_thermal(options_.root), options_.root);
  segment.unix_time_s = clock_.unix_time_s();
  segment.host = host_json(host);
  segment.host["load_average"] = host.load_average;
  segment.notes = std::move(found.notes);
  segment.flags = std::move(found.flags);
  return segment;
}

MachineSensors& Agent::sensors() {
  if (!sensors_) {
    sensors_ = std::make_unique<MachineSensors>(
        options_.find_sensors ? options_.find_sensors() : FoundSensors(), clock_,
        options_.calibrations, options_.root);
  }
  return *sensors_;
}

}  // namespace edgetran::profile
