#include "service/study/hardware.h"

#include <fmt/format.h>

#include <map>

#include "device/detect.h"
#include "device/model_formats.h"
#include "onnx/export.h"
#include "weights/packed_model.h"

namespace edgetran::service {

namespace {

using base::ErrorCategory;
using base::Json;
using base::Result;

Json deployment_json(const device::Card& card, const device::Deployment& deployment) {
  device::Card one{.board = card.board, .deployments = {deployment}};
  return device::card_json(one);
}

/// All but the model's file.
device::MeasureRequest request_for(const StudyDevice& device, const DeployableModel& model,
                                   const std::string& profile, uint64_t seed) {
  device::MeasureRequest request;
  request.cost = device::count_cost(
      model.graph, {.batch = device.deployment.batch, .length = device.deployment.length});
  request.spec = model.info.spec;
  request.vocabulary = model.vocabulary;
  request.deployment = device.deployment.name;
  request.profile = profile;
  request.seed = seed;
  return request;
}

}  // namespace

Result<std::vector<device::Card>> read_cards(const std::vector<std::string>& devices, int64_t batch,
                                             int64_t length, base::EventSink& events) {
  std::vector<device::Card> cards;
  for (const auto& name : devices) {
    if (name == "this-machine") {
      EDGETRAN_ASSIGN(auto detected, device::detect_this_machine());
      for (const auto& note : detected.notes) events.emit({"message", {{"text", note}}});
      cards.push_back(std::move(detected.card));
    } else {
      EDGETRAN_ASSIGN(auto card, device::read_card_file(name));
      cards.push_back(std::move(card));
    }
  }
  for (auto& card : cards) {
    for (auto& deployment : card.deployments) {
      if (batch > 0) deployment.batch = batch;
      if (length > 0) deployment.length = length;
    }
  }
  return cards;
}

Hardware::Hardware(std::vector<device::Card> cards, const device::BoardOptions& options) {
  std::map<std::string, int> uses;
  for (const auto& card : cards)
    for (const auto& deployment : card.deployments) ++uses[deployment.name];
  for (auto& card : cards) {
    for (const auto& deployment : card.deployments)
      devices_.push_back({.name = uses[deployment.name] > 1
                                      ? card.board.name + "/" + deployment.name
                                      : deployment.name,
                          .board = boards_.size(),
                          .deployment = deployment});
    boards_.push_back(device::make_board(std::move(card), options));
  }
}

Result<StudyDevice> Hardware::device(const std::string& name) const {
  std::vector<std::string> known;
  for (const auto& device : devices_) {
    if (device.name == name) return device;
    known.push_back(device.name);
  }
  const auto nearest = base::nearest_name(name, known);
  return base::fail(ErrorCategory::kNotFound,
                    fmt::format("no device '{}'; there are: {}", name, fmt::join(known, ", ")),
                    nearest ? fmt::format("did you mean '{}'?", *nearest) : "");
}

Json Hardware::devices_json() const {
  Json list = Json::array();
  for (const auto& device : devices_) {
    Json item = deployment_json(boards_[device.board]->card(), device.deployment);
    list.push_back({{"name", device.name},
                    {"board", item.at("board")},
                    {"deployment", item.at("deployments").at(0)}});
  }
  return list;
}

Result<std::string> Hardware::export_onnx(const StudyDevice& device,
                                          const DeployableModel& model) const {
  return onnx::export_onnx(model.graph, model.weights,
                           {.batch = device.deployment.batch, .length = device.deployment.length});
}

Result<std::string> Hardware::export_model(const StudyDevice& device, const DeployableModel& model,
                                           const base::CancelToken& cancel) const {
  EDGETRAN_ASSIGN(const std::string format, model_format(device, cancel));
  return export_as(format, device, model);
}

Result<std::string> Hardware::model_format(const StudyDevice& device,
                                           const base::CancelToken& cancel) const {
  const std::string& runtime = device.deployment.runtime;
  EDGETRAN_ASSIGN(const auto formats, boards_[device.board]->model_formats(runtime, cancel));
  for (const std::string& format : formats)
    if (format == device::kOnnxFormat || format == weights::kPackedFormatName) return format;
  return base::fail(
      ErrorCategory::kDevice,
      fmt::format("the runtime {} reads the formats {}; this program writes {} and {}", runtime,
                  fmt::join(formats, ", "), device::kOnnxFormat, weights::kPackedFormatName),
      "use another runtime");
}

Result<std::string> Hardware::export_as(const std::string& format, const StudyDevice& device,
                                        const DeployableModel& model) const {
  if (format == weights::kPackedFormatName)
    return weights::pack_model(model.info, model.graph, model.weights);
  return export_onnx(device, model);
}

Result<device::Measurement> Hardware::measure(const StudyDevice& device,
                                              const DeployableModel& model,
                                              const std::string& model_bytes,
                                              const std::string& profile, uint64_t seed,
                                              Context& context, device::RawSink raw_sink) {
  auto request = request_for(device, model, profile, seed);
  request.raw_sink = std::move(raw_sink);
  request.model_bytes = model_bytes;
  return boards_[device.board]->measure(request, context.events, context.cancel);
}

Result<device::Measurement> Hardware::measure(const StudyDevice& device,
                                              const DeployableModel& model,
                                              const ModelDigest& digest, const std::string& profile,
                                              uint64_t seed, Context& context) {
  auto request = request_for(device, model, profile, seed);
  request.sha256 = digest.sha256;
  request.model_size = digest.bytes;
  return boards_[device.board]->measure(request, context.events, context.cancel);
}

Result<std::string> Hardware::run_outputs(const StudyDevice& device, const std::string& model_bytes,
                                          int64_t vocabulary, std::string_view inputs,
                                          Context& context) {
  device::MeasureRequest request;
  request.model_bytes = model_bytes;
  request.vocabulary = vocabulary;
  request.deployment = device.deployment.name;
  return boards_[device.board]->run_outputs(request, inputs, context.cancel);
}

bool Hardware::computes_nothing(const StudyDevice& device) const {
  const auto kind = boards_[device.board]->card().board.kind;
  return kind == device::BoardKind::kSimulated || kind == device::BoardKind::kReplay;
}

}  // namespace edgetran::service
