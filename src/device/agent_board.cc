#include "device/agent_board.h"

#include <fmt/core.h>

#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "base/random.h"
#include "device/roofline.h"

namespace edgetran::device {

namespace {

using base::ErrorCategory;
using base::Json;

/// Files carry 64-bit signed integers.
int64_t to_integer(uint64_t value) {
  return static_cast<int64_t>(value & static_cast<uint64_t>(INT64_MAX));
}

/// What a peer names may not lead out of the folder it is written to.
bool is_plain_file_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

}  // namespace

AgentBoard::AgentBoard(Card card, BoardOptions options)
    : card_(std::move(card)), options_(std::move(options)) {}

base::Result<AgentBoard::Prepared> AgentBoard::prepare(const MeasureRequest& request) const {
  EDGETRAN_ASSIGN(Deployment deployment, card_.deployment(request.deployment));
  Prepared prepared{request, std::move(deployment), request.model_bytes, request.sha256};
  if (prepared.model.empty() && !request.model_path.empty()) {
    EDGETRAN_ASSIGN(prepared.model, base::read_file(request.model_path));
  }
  if (prepared.model.empty()) {
    return base::fail(ErrorCategory::kUsage, "a measurement needs a model");
  }
  const std::string found = base::sha256_hex(prepared.model);
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
  return {{"mode", mode},
          {"model", prepared.sha256},
          {"runtime", deployment.runtime},
          {"device", card_.board.name},
          {"deployment", deployment.name},
          {"precision", deployment.precision},
          {"threads", deployment.threads},
          {"batch", deployment.batch},
          {"length", deployment.length}};
}

base::Result<Measurement> AgentBoard::measure(const MeasureRequest& request,
                                              base::EventSink& events,
                                              const base::CancelToken& cancel) {
  EDGETRAN_ASSIGN(const Prepared prepared, prepare(request));
  Json fields = common_fields(prepared, "latency");
  fields["profile"] = request.profile;
  fields["vocabulary"] = request.vocabulary;
  fields["seed"] = to_integer(request.seed);
  EDGETRAN_ASSIGN(const Json extra, extra_fields(prepared));
  fields.update(extra);
  Measurement measurement;
  const Work work = [&](AgentClient& agent) -> base::Status {
    if (runs_model()) EDGETRAN_TRY(agent.put(prepared.model, prepared.sha256, cancel));
    EDGETRAN_ASSIGN(Json reply, agent.measure(fields, {}, events, cancel));
    measurement.record = reply.value("record", Json());
    const auto raw = measurement.record.value("/raw/sha256"_json_pointer, std::string());
    EDGETRAN_ASSIGN(measurement.raw, agent.fetch(raw, cancel));
    return {};
  };
  EDGETRAN_TRY(with_agent(cancel, work));
  measurement.record["memory"]["model_bytes"] = prepared.model.size();
  return measurement;
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
    EDGETRAN_TRY(agent.put(prepared.model, prepared.sha256, cancel));
    EDGETRAN_ASSIGN(Json reply, agent.measure(fields, inputs, events, cancel));
    EDGETRAN_ASSIGN(
        outputs, agent.fetch(reply.value("/outputs/sha256"_json_pointer, std::string()), cancel));
    return {};
  };
  EDGETRAN_TRY(with_agent(cancel, work));
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
    EDGETRAN_TRY(agent.put(prepared.model, prepared.sha256, cancel));
    EDGETRAN_ASSIGN(const Json reply, agent.measure(fields, {}, events, cancel));
    for (const Json& file : reply.value("files", Json::array())) {
      const std::string name = file.value("name", std::string());
      if (!is_plain_file_name(name)) {
        return base::fail(ErrorCategory::kProtocol,
                          fmt::format("the agent names a file \"{}\"", name));
      }
      EDGETRAN_ASSIGN(files[name], agent.fetch(file.value("sha256", std::string()), cancel));
    }
    return {};
  };
  EDGETRAN_TRY(with_agent(cancel, work));
  return files;
}

base::Status AgentBoard::with_agent(const base::CancelToken& cancel, const Work& work) {
  auto status = attempt(cancel, work);
  if (status || status.error().category != ErrorCategory::kProtocol) return status;
  // The agent broke off: once may be bad luck (it was killed, or ran out of memory beside another
  // program); twice is the request's doing.
  agent_.reset();
  status = attempt(cancel, work);
  if (status || status.error().category != ErrorCategory::kProtocol) return status;
  const std::string reason = agent_ ? agent_->end_reason() : std::string();
  agent_.reset();
  return base::fail(ErrorCategory::kDevice,
                    fmt::format("the agent of the board \"{}\" broke off twice: {}{}",
                                card_.board.name, status.error().message, reason),
                    "its messages are on stderr, or in the agent's log");
}

base::Status AgentBoard::attempt(const base::CancelToken& cancel, const Work& work) {
  if (!agent_) {
    EDGETRAN_ASSIGN(agent_, AgentClient::start({.program = options_.agent,
                                                .log = options_.agent_log,
                                                .exclusive = runs_model(),
                                                .lease_wait_s = options_.lease_wait_s}));
  }
  EDGETRAN_TRY(agent_->lease(cancel));
  return work(*agent_);
}

base::Result<Json> LocalBoard::extra_fields(const Prepared& /*prepared*/) const {
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
      simulated_law(law, prepared.deployment, *prepared.request.cost, prepared.model.size(),
                    static_cast<uint64_t>(to_integer(stream.next_u64()))));
  return Json{{"law", profile::simulated_law_json(wire)}};
}

}  // namespace edgetran::device
