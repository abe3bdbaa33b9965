// device list | show, measure
#include <fmt/format.h>

#include "base/files.h"
#include "device/board.h"
#include "device/card.h"
#include "device/detect.h"
#include "encoder/encoder.h"
#include "graph/cost.h"
#include "onnx/export.h"
#include "service/operations.h"
#include "service/study/hardware.h"
#include "store/study_view.h"
#include "weights/model_folder.h"

namespace edgetran::service {

namespace {

using base::ErrorCategory;
using base::Json;
using base::Result;

Json deployment_row(const device::Card& card, const device::Deployment& deployment) {
  return {{"device", deployment.name},
          {"board", card.board.name},
          {"kind", card.board.kind == device::BoardKind::kLocal ? "local" : "simulated"},
          {"runtime", deployment.runtime},
          {"precision", deployment.precision},
          {"threads", deployment.threads},
          {"batch", deployment.batch},
          {"length", deployment.length}};
}

const std::vector<Column>& deployment_columns() {
  static const std::vector<Column> columns = {
      {"device", "device", Shown::kPlain},       {"board", "board", Shown::kPlain},
      {"kind", "kind", Shown::kPlain},           {"runtime", "runtime", Shown::kPlain},
      {"precision", "precision", Shown::kPlain}, {"threads", "threads", Shown::kCount},
      {"batch", "batch", Shown::kCount},         {"length", "length", Shown::kCount}};
  return columns;
}

// -- list -----------------------------------------------------------------------------------------

struct ListRequest {
  bool detect = false;
  std::string folder = "devices";
  std::string out;
};

Result<Reply> list(Context& context, const ListRequest& request) {
  Reply reply{.data = Json::array(), .columns = deployment_columns(), .text = {}, .outcome = {}};
  if (request.detect) {
    EDGETRAN_ASSIGN(const auto detected, device::detect_this_machine());
    for (const auto& note : detected.notes) context.events.emit({"message", {{"text", note}}});
    if (!request.out.empty())
      EDGETRAN_TRY(base::write_file_atomic(request.out, device::card_yaml(detected.card)));
    for (const auto& deployment : detected.card.deployments)
      reply.data.push_back(deployment_row(detected.card, deployment));
    return reply;
  }
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(request.folder, error))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  if (error)
    return base::fail(
        ErrorCategory::kNotFound,
        fmt::format("cannot read the folder of cards '{}': {}", request.folder, error.message()),
        "name it with --folder, or use --detect for this machine");
  std::ranges::sort(files);
  for (const auto& file : files) {
    EDGETRAN_ASSIGN(const auto card, device::read_card_file(file));
    for (const auto& deployment : card.deployments)
      reply.data.push_back(deployment_row(card, deployment));
  }
  return reply;
}

// -- show -----------------------------------------------------------------------------------------

struct ShowRequest {
  std::string card;
};

Result<Reply> show(Context& context, const ShowRequest& request) {
  EDGETRAN_ASSIGN(const auto cards, read_cards({request.card}, 0, 0, context.events));
  Reply reply;
  reply.data = device::card_json(cards.front());
  reply.text = device::card_yaml(cards.front());
  return reply;
}

// -- measure --------------------------------------------------------------------------------------

struct MeasureRequest {
  std::string model;
  std::string device = "this-machine";
  std::string deployment;
  int64_t batch = 0;
  int64_t length = 0;
  std::string profile = "quick";
  bool mask = false;
  int64_t seed = 1;
  std::string raw;
};

/// Graph and weights of a model folder, or of a spec with seeded random weights.
struct LoadedModel {
  weights::ModelInfo info;
  graph::Graph graph;
  weights::Weights weights;
};

Result<LoadedModel> load_model(const MeasureRequest& request) {
  EDGETRAN_ASSIGN(const auto info, weights::read_model_info(request.model));
  auto options = weights::build_options(info);
  options.mask = request.mask;
  EDGETRAN_ASSIGN(auto graph, encoder::build_encoder(info.spec, options));
  const auto file = std::filesystem::path(request.model) / weights::kWeightsFile;
  weights::Weights weights;
  if (std::filesystem::is_directory(request.model)) {
    EDGETRAN_ASSIGN(weights, weights::load_weights(file, graph));
  } else {
    weights = weights::initialize(
        graph, base::RandomStream(static_cast<uint64_t>(request.seed), "initialize"),
        weights::Initialization::kTraining);
  }
  return LoadedModel{info, std::move(graph), std::move(weights)};
}

Result<Reply> measure(Context& context, const MeasureRequest& request) {
  EDGETRAN_ASSIGN(const auto loaded, load_model(request));
  EDGETRAN_ASSIGN(auto cards,
                  read_cards({request.device}, request.batch, request.length, context.events));
  Hardware hardware(std::move(cards), {.agent = context.programs / "edgetran-agent"});
  auto device = hardware.devices().front();
  if (!request.deployment.empty()) {
    EDGETRAN_ASSIGN(device, hardware.device(request.deployment));
  }
  const DeployableModel model{loaded.graph, loaded.weights, loaded.info.spec.vocabulary,
                              loaded.info};
  EDGETRAN_ASSIGN(const std::string bytes, hardware.export_model(device, model, context.cancel));
  EDGETRAN_ASSIGN(auto measured, hardware.measure(device, model, bytes, request.profile,
                                                  static_cast<uint64_t>(request.seed), context));
  if (!request.raw.empty()) {
    EDGETRAN_TRY(base::write_file_atomic(request.raw, measured.raw));
    measured.record["raw"]["path"] = request.raw;
  }
  Reply reply;
  reply.data = measured.record;
  const auto metrics = store::record_metrics(measured.record);
  reply.text = fmt::format(
      "{} on {} ({})\nlatency   {:.4g} ms, 95 % interval {:.4g} to {:.4g} ms\nverdict   {}\n",
      request.model, device.name, measured.record.value("kind", std::string()),
      metrics.at("latency_s") * 1e3, metrics.at("latency_low_s") * 1e3,
      metrics.at("latency_high_s") * 1e3, measured.record.value("verdict", std::string()));
  return reply;
}

}  // namespace

std::vector<Operation> device_operations() {
  base::Settings<ListRequest> list_settings;
  list_settings
      .boolean("detect", &ListRequest::detect, "Deployments of this machine instead of card files")
      .string("folder", &ListRequest::folder, "Folder of device cards")
      .string("out", &ListRequest::out, "With --detect: also write the card to this file");

  base::Settings<ShowRequest> show_settings;
  show_settings.string("card", &ShowRequest::card, "Card file, or this-machine");

  base::Settings<MeasureRequest> measure_settings;
  measure_settings.string("model", &MeasureRequest::model, "Model folder, or a spec file")
      .string("device", &MeasureRequest::device, "Card file, or this-machine")
      .string("deployment", &MeasureRequest::deployment, "Deployment of the card; empty: its first")
      .integer("batch", &MeasureRequest::batch, 0, 65536, "", "Batch; 0: the deployment's own")
      .integer("length", &MeasureRequest::length, 0, space::kMaxPositions, "tokens",
               "Length; 0: the deployment's own")
      .string("profile", &MeasureRequest::profile, "Measuring profile")
      .boolean("mask", &MeasureRequest::mask, "Measure with the input attention_mask")
      .integer("seed", &MeasureRequest::seed, 0, INT64_MAX, "", "Seed of inputs and fresh weights")
      .string("raw", &MeasureRequest::raw, "File for the raw samples");

  return {operation("device list", "Boards and their deployments", list_settings, {}, {}, list),
          operation("device show", "A device card", show_settings, {"card"}, {}, show),
          operation("measure", "Measure an encoder on a device", measure_settings, {"model"}, {},
                    measure)};
}

}  // namespace edgetran::service
