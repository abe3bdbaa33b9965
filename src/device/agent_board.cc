#include "device/agent_board.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/random.h"
#include "device/roofline.h"
#include "profile/meters.h"
#include "profile/record.h"
#include "profile/recording_text.h"

namespace edgetran::device {

namespace {

using base::ErrorCategory;
using base::Json;

/// Files carry 64-bit signed integers.
int64_t to_integer(uint64_t value) {
  return static_cast<int64_t>(value & static_cast<uint64_t>(INT64_MAX));
}

/// How much longer than a lease lasts its next holder waits.
constexpr double kLeaseSlack_s = 5;
/// How often a wait looks at its cancel token.
constexpr double kTick_s = 0.05;

base::Status wait_for(double seconds, const base::CancelToken& cancel) {
  base::SystemClock clock;
  const double until_s = clock.now_s() + seconds;
  while (clock.now_s() < until_s) {
    if (cancel.requested()) {
      return base::fail(ErrorCategory::kInterrupted, "interrupted while the board was away");
    }
    clock.sleep_until(std::min(until_s, clock.now_s() + kTick_s));
  }
  return {};
}

/// The measurement with what the card's meters said meanwhile: new samples, and the record of them.
base::Status join_meters(Meters& meters, const std::vector<ClockReading>& clocks,
                         const base::CancelToken& cancel, Measurement& measurement) {
  EDGETRAN_ASSIGN(const MeterTraces read, meters.read(clocks, cancel));
  EDGETRAN_ASSIGN(measurement.raw, profile::with_meters(measurement.raw, read.traces));
  EDGETRAN_ASSIGN(const auto recording, profile::decode_recording(measurement.raw));
  Json record =
      profile::make_record(recording, base::sha256_hex(measurement.raw), measurement.raw.size());
  const Json clock = measurement.record.value("/provenance/clock"_json_pointer, Json());
  if (!clock.is_null()) record["provenance"]["clock"] = clock;
  measurement.record = std::move(record);
  return {};
}

/// What a peer names may not lead out of the folder it is written to.
bool is_plain_file_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

}  // namespace

AgentBoard::AgentBoard(Card card, BoardOptions options, double silence_s)
    : card_(std::move(card)), options_(std::move(options)), silence_s_(silence_s) {}

base::Result<AgentBoard::Prepared> AgentBoard::prepare(const MeasureRequest& request) const {
  EDGETRAN_ASSIGN(Deployment deployment, card_.deployment(request.deployment));
  Prepared prepared{request, std::move(deployment), {}, request.sha256, 0};
  if (request.model_bytes.empty() && !request.model_path.empty()) {
    EDGETRAN_ASSIGN(prepared.file, base::read_file(request.model_path));
  }
  prepared.model_size = prepared.model().size();
  if (prepared.model_size == 0 && !runs_model() && request.model_size && !request.sha256.empty()) {
    prepared.model_size = *request.model_size;
    return prepared;
  }
  if (prepared.model_size == 0) {
    return base::fail(ErrorCategory::kUsage, "a measurement needs a model");
  }
  const std::string found = base::sha256_hex(prepared.model());
  if (!prepared.sha256.empty() && prepared.sha256 != found) {
    return base::fail(ErrorCategory::kCorrupt,
                      fmt::format("the model has the SHA-256 {}, not {}", found, prepared.sha256),
                      "export it again");
  }
  prepared.sha256 = found;
  return prepared;
}

Json AgentBoard::common_fields(const Prepared& prepared, const char* mode) const {
  const Deployment& deployment = prepared.deployment;
  Json fields = {{"mode", mode},
                 {"model", prepared.sha256},
                 {"runtime", deployment.runtime},
                 {"device", card_.board.name},
                 {"deployment", deployment.name},
                 {"precision", deployment.precision},
                 {"threads", deployment.threads},
                 {"batch", deployment.batch},
                 {"length", deployment.length}};
  if (deployment.accelerator != Deployment{}.accelerator) {
    fields["accelerator"] = deployment.accelerator;
  }
  return fields;
}

base::Result<Measurement> AgentBoard::measure(const MeasureRequest& request,
                                              base::EventSink& events,
                                              const base::CancelToken& cancel) {
  EDGETRAN_ASSIGN(const Prepared prepared, prepare(request));
  Json fields = common_fields(prepared, "latency");
  fields["profile"] = request.profile;
  fields["vocabulary"] = request.vocabulary;
  fields["seed"] = to_integer(request.seed);
  if (!card_.board.environment.empty()) fields["environment"] = card_.board.environment;
  // A board of a law never sees the model.
  if (!runs_model()) fields["model_bytes"] = to_integer(prepared.model_size);
  if (runs_model() && request.cost) {
    fields["cost"] = {{"flops", request.cost->flops}, {"bytes_moved", request.cost->bytes_moved}};
  }
  EDGETRAN_ASSIGN(const Json extra, extra_fields(prepared));
  fields.update(extra);
  const bool metered = !card_.board.meters.empty();
  if (metered) {
    EDGETRAN_TRY(begin_metering(cancel));
    fields["meter_update_s"] = meters_->slowest_update_s();
  }
  // A law is quick and must give the same bytes each time: it starts over instead of resuming.
  const bool resumes = runs_model();
  // What meters say is joined at the end; until then the samples are not what will be kept.
  const bool streams = resumes && !metered;
  AgentClient* at_work = nullptr;
  RawStream raw(events, streams ? request.raw_sink : RawSink(), [&] { at_work->abort(); });
  std::vector<ClockReading> clocks;
  Measurement measurement;
  const Work work = [&](AgentClient& agent) {
    at_work = &agent;
    if (!resumes) raw.restart();
    return measure_once(prepared, fields, raw, agent, cancel, clocks, measurement);
  };
  EDGETRAN_ASSIGN(const int reconnects,
                  with_agent(events, cancel, work, [&] { return raw.text().size(); }));
  const bool streamed = !raw.text().empty();
  if (streamed) measurement.raw = raw.take();
  if (metered) EDGETRAN_TRY(join_meters(*meters_, clocks, cancel, measurement));
  if (request.raw_sink && !(streamed && streams)) EDGETRAN_TRY(request.raw_sink(measurement.raw));
  Json& record = measurement.record;
  const BoardInfo& board = card_.board;
  if (is_remote(board.kind)) {
    record["provenance"]["connection"] = {{"kind", board_kind_name(board.kind)},
                                          {"reconnects", reconnects}};
  }
  return measurement;
}

base::Status AgentBoard::begin_metering(const base::CancelToken& cancel) {
  if (!meters_ || !meters_->alive()) {
    EDGETRAN_ASSIGN(meters_, Meters::start(card_.board.meters, options_.agent, cancel));
  }
  return meters_->begin();
}

base::Status AgentBoard::measure_once(const Prepared& prepared, const Json& fields, RawStream& raw,
                                      AgentClient& agent, const base::CancelToken& cancel,
                                      std::vector<ClockReading>& clocks,
                                      Measurement& measurement) const {
  if (runs_model()) EDGETRAN_TRY(agent.put(prepared.model(), prepared.sha256, cancel));
  std::optional<ClockReading> before;
  if (is_remote(card_.board.kind)) {
    EDGETRAN_ASSIGN(before, agent.clock_reading(cancel));
    if (before) clocks.push_back(*before);
  }
  Json asked = fields;
  const std::string so_far = raw.text();
  if (!so_far.empty()) asked["resume"] = true;
  auto reply = agent.measure(asked, so_far, raw, cancel);
  EDGETRAN_TRY(raw.status());
  if (!reply) return base::fail(std::move(reply).error());
  measurement.record = reply->value("record", Json());
  if (!measurement.record.is_object()) {
    return base::fail(ErrorCategory::kProtocol, "the agent's reply has no record");
  }
  if (!raw.text().empty()) {
    EDGETRAN_TRY(raw.check(measurement.record));
  } else {
    // An agent of before the raw samples were streamed keeps them.
    const Json place = measurement.record.value("raw", Json::object());
    EDGETRAN_ASSIGN(measurement.raw, agent.fetch(place.value("sha256", std::string()),
                                                 place.value("bytes", uint64_t{0}), cancel));
  }
  if (!before) return {};
  // The measurement is whole: a way that breaks now costs the drift, not the result.
  const auto read = agent.clock_reading(cancel);
  // Nobody is behind it any more: the next request shall not find that out anew.
  if (!read && read.error().category == ErrorCategory::kProtocol) agent.abort();
  const auto after = read.value_or(std::nullopt);
  if (after) clocks.push_back(*after);
  measurement.record["provenance"]["clock"] = clock_json(*before, after);
  return {};
}

base::Result<std::string> AgentBoard::run_outputs(const MeasureRequest& request,
                                                  std::string_view inputs,
                                                  const base::CancelToken& cancel) {
  if (!runs_model()) {
    return base::fail(
        ErrorCategory::kDevice,
        fmt::format("the simulated board \"{}\" computes no outputs", card_.board.name),
        "run the model on a local board");
  }
  EDGETRAN_ASSIGN(const Prepared prepared, prepare(request));
  const Json fields = common_fields(prepared, "outputs");
  base::NullSink events;
  std::string outputs;
  const Work work = [&](AgentClient& agent) -> base::Status {
    EDGETRAN_TRY(agent.put(prepared.model(), prepared.sha256, cancel));
    EDGETRAN_ASSIGN(Json reply, agent.measure(fields, inputs, events, cancel));
    EDGETRAN_ASSIGN(outputs,
                    agent.fetch(reply.value("/outputs/sha256"_json_pointer, std::string()),
                                reply.value("/outputs/bytes"_json_pointer, uint64_t{0}), cancel));
    return {};
  };
  EDGETRAN_TRY(with_agent(events, cancel, work, [] { return 0; }));
  return outputs;
}

base::Result<std::map<std::string, std::string>> AgentBoard::convert(
    const MeasureRequest& request, const base::CancelToken& cancel) {
  if (!runs_model()) {
    return base::fail(
        ErrorCategory::kDevice,
        fmt::format("the simulated board \"{}\" has no runtime that converts", card_.board.name),
        "use a local board");
  }
  EDGETRAN_ASSIGN(const Prepared prepared, prepare(request));
  const Json fields = {
      {"mode", "convert"}, {"model", prepared.sha256}, {"runtime", prepared.deployment.runtime}};
  base::NullSink events;
  std::map<std::string, std::string> files;
  const Work work = [&](AgentClient& agent) -> base::Status {
    EDGETRAN_TRY(agent.put(prepared.model(), prepared.sha256, cancel));
    EDGETRAN_ASSIGN(const Json reply, agent.measure(fields, {}, events, cancel));
    for (const Json& file : reply.value("files", Json::array())) {
      const std::string name = file.value("name", std::string());
      if (!is_plain_file_name(name)) {
        return base::fail(ErrorCategory::kProtocol,
                          fmt::format("the agent names a file \"{}\"", name));
      }
      EDGETRAN_ASSIGN(files[name], agent.fetch(file.value("sha256", std::string()),
                                               file.value("bytes", uint64_t{0}), cancel));
    }
    return {};
  };
  EDGETRAN_TRY(with_agent(events, cancel, work, [] { return 0; }));
  return files;
}

base::Result<int> AgentBoard::with_agent(base::EventSink& events, const base::CancelToken& cancel,
                                         const Work& work, const Progress& progress) {
  Patience patience(options_.reconnect);
  while (true) {
    const Attempt done = attempt(cancel, work, patience.retries() > 0);
    if (done) return patience.retries();
    const TransportEnd& end = done.error();
    if (end.kind == TransportEnd::Kind::kFinal) return base::fail(end.error);
    // A board that has never answered is not waited for: more likely the card is wrong.
    const bool wait = reached_ || end.kind == TransportEnd::Kind::kAgent;
    const auto delay_s = wait ? patience.next(end.kind, progress()) : std::nullopt;
    if (!delay_s) return base::fail(given_up(end, patience));
    events.emit(
        {"reconnect",
         {{"board", card_.board.name},
          {"wait_s", *delay_s},
          {"text", fmt::format("{}; trying again in {:g} s", end.error.message, *delay_s)}}});
    EDGETRAN_TRY(wait_for(*delay_s, cancel));
  }
}

base::Error AgentBoard::given_up(const TransportEnd& end, const Patience& patience) const {
  if (end.kind == TransportEnd::Kind::kAgent) {
    return end.error.within(
        fmt::format("the agent of the board \"{}\" broke off twice", card_.board.name));
  }
  if (!reached_) return end.error;
  return end.error.within(
      fmt::format("the board \"{}\" was lost, and {} tries to reach it again "
                  "failed",
                  card_.board.name, patience.retries()));
}

AgentBoard::Attempt AgentBoard::attempt(const base::CancelToken& cancel, const Work& work,
                                        bool again) {
  if (!agent_) {
    if (auto reached = reach(cancel, again); !reached) return reached;
  }
  auto status = agent_->lease(cancel);
  if (!status && again && status.error().category == ErrorCategory::kResource) {
    // An agent that hangs on its board keeps the lease: the board is lost, not merely busy.
    status = base::fail(ErrorCategory::kDevice,
                        fmt::format("the board \"{}\" was lost, and its agent of before may hold "
                                    "it: {}",
                                    card_.board.name, status.error().message),
                        status.error().hint);
  }
  if (status) status = work(*agent_);
  if (status) {
    if (agent_->aborted()) agent_.reset();
    return {};
  }
  TransportEnd end{TransportEnd::Kind::kFinal, std::move(status).error()};
  const bool broke = end.error.category == ErrorCategory::kProtocol;
  if (broke) end = agent_->end(end.error);
  if (broke || agent_->aborted()) agent_.reset();
  return tl::unexpected<TransportEnd>(std::move(end));
}

AgentBoard::Attempt AgentBoard::reach(const base::CancelToken& cancel, bool again) {
  auto transport =
      open_transport(card_, {.agent = options_.agent, .agent_log = options_.agent_log});
  if (!transport) return tl::unexpected<TransportEnd>(std::move(transport).error());
  // After a break the board's old agent may hold the lease until it notices.
  const double wait_s =
      again ? std::max(options_.lease_wait_s, kLease_s + kLeaseSlack_s) : options_.lease_wait_s;
  auto agent = AgentClient::open(std::move(*transport),
                                 {.board = card_.board.name,
                                  .exclusive = runs_model(),
                                  .lease_wait_s = wait_s,
                                  .silence_s = silence_s_},
                                 cancel);
  if (!agent) return tl::unexpected<TransportEnd>(std::move(agent).error());
  agent_ = std::move(*agent);
  reached_ = true;
  return {};
}

base::Result<Json> RealBoard::extra_fields(const Prepared& /*prepared*/) const {
  return Json::object();
}

base::Result<Json> SimulatedBoard::extra_fields(const Prepared& prepared) const {
  if (!prepared.request.cost) {
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("the simulated board \"{}\" needs the model's counted cost",
                                  card().board.name));
  }
  // One noise a (board, deployment, model, request).
  const SimulatedBoardLaw& law = card().board.law;
  auto stream = base::RandomStream(static_cast<uint64_t>(law.seed), "simulated.board")
                    .derive(prepared.deployment.name)
                    .derive(prepared.sha256, prepared.request.seed);
  EDGETRAN_ASSIGN(
      const profile::SimulatedLaw wire,
      simulated_law(law, prepared.deployment, *prepared.request.cost, prepared.model_size,
                    static_cast<uint64_t>(to_integer(stream.next_u64()))));
  return Json{{"law", profile::simulated_law_json(wire)}};
}

}  // namespace edgetran::device
