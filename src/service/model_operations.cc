// model show | cost | convert | init
#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/units.h"
#include "data/load_tokenizer.h"
#include "encoder/encoder.h"
#include "graph/cost.h"
#include "service/model/spec_text.h"
#include "service/operations.h"
#include "space/model_spec.h"
#include "weights/model_folder.h"
#include "weights/weights.h"

namespace edgetran::service {

namespace {

using base::ErrorCategory;
using base::Json;
using base::Result;

// -- show ---------------------------------------------------------------------------------------

struct ShowRequest {
  std::string model;
};

Result<Reply> show(Context&, const ShowRequest& request) {
  EDGETRAN_ASSIGN(const auto info, weights::read_model_info(request.model));
  const auto& spec = info.spec;
  EDGETRAN_ASSIGN(const auto graph, encoder::build_encoder(spec, {}));
  const int64_t parameters = graph::count_graph(graph, {}).total.parameters;
  Reply reply;
  reply.data = space::model_spec_json(spec);
  reply.data["hash"] = space::canonical_hash(spec);
  reply.data["parameters"] = parameters;
  if (info.labels > 0) reply.data["labels"] = info.labels;
  reply.text = fmt::format(
      "vocabulary     {} entries, {} positions ({}), embedding {}\n{}parameters     {} with "
      "pooler, "
      "without task head\n",
      base::format_count(spec.vocabulary), spec.positions,
      spec.position == space::PositionKind::kAbsolute ? "absolute" : "relative_key",
      spec.embedding == 0 ? spec.layers.front().width : spec.embedding, layers_text(spec),
      base::format_count(parameters));
  if (info.labels > 0) reply.text += fmt::format("classifier     {} labels\n", info.labels);
  return reply;
}

// -- cost ---------------------------------------------------------------------------------------

/// Length at which costs are counted unless another is asked for.
constexpr int64_t kCountedLength = 128;

struct CostRequest {
  std::string model;
  int64_t batch = 1;
  int64_t length = 0;
};

Json cost_json(const graph::Cost& cost) {
  return {
      {"parameters", cost.parameters}, {"flops", cost.flops}, {"bytes_moved", cost.bytes_moved}};
}

Result<Reply> cost(Context&, const CostRequest& request) {
  EDGETRAN_ASSIGN(const auto info, weights::read_model_info(request.model));
  EDGETRAN_ASSIGN(const auto graph, encoder::build_encoder(info.spec, {}));
  const int64_t length =
      request.length > 0 ? request.length : std::min(kCountedLength, info.spec.positions);
  if (length > info.spec.positions)
    return base::fail(
        ErrorCategory::kUsage,
        fmt::format("length {} exceeds the model's {} positions", length, info.spec.positions),
        "give --length a smaller number, or the spec more positions");
  const auto counted = graph::count_graph(graph, {.batch = request.batch, .length = length});
  Reply reply;
  reply.data = cost_json(counted.total);
  reply.data["peak_activation_bytes"] = counted.peak_activation_bytes;
  reply.data["batch"] = request.batch;
  reply.data["length"] = length;
  reply.data["layers"] = Json::array();
  for (const auto& layer : counted.layers) reply.data["layers"].push_back(cost_json(layer));
  reply.columns = {{"parameters", "parameters", Shown::kCount},
                   {"flops", "FLOPs", Shown::kCount},
                   {"bytes_moved", "bytes moved", Shown::kBytes},
                   {"peak_activation_bytes", "peak activations", Shown::kBytes},
                   {"batch", "batch", Shown::kCount},
                   {"length", "length", Shown::kCount}};
  return reply;
}

// -- convert ------------------------------------------------------------------------------------

struct ConvertRequest {
  std::string model;
  std::string to = "edgetran";
  std::string out;
};

Result<Reply> convert(Context&, const ConvertRequest& request) {
  EDGETRAN_ASSIGN(const auto info, weights::read_model_info(request.model));
  Reply reply;
  if (request.to == "published") {
    EDGETRAN_ASSIGN(reply.data, space::published_dictionary(info.spec));
  } else {
    reply.data = space::model_spec_json(info.spec);
  }
  reply.text = reply.data.dump(2) + "\n";
  if (!request.out.empty()) {
    EDGETRAN_TRY(base::write_file_atomic(request.out, reply.text));
    reply.data = {{"file", request.out}};
    reply.text = request.out + "\n";
  }
  return reply;
}

// -- init ---------------------------------------------------------------------------------------

struct InitRequest {
  std::string model;
  int64_t labels = 2;
  bool mlm = false;
  int64_t seed = 1;
  std::string initialization = "training";
  std::string vocabulary_file;
  std::string out;
};

Result<Reply> init(Context&, const InitRequest& request) {
  EDGETRAN_ASSIGN(auto info, weights::read_model_info(request.model));
  info.mlm = request.mlm;
  info.labels = request.mlm ? 0 : request.labels;
  info.label_names.clear();
  std::string vocabulary;
  if (!request.vocabulary_file.empty()) {
    EDGETRAN_ASSIGN(auto loaded, data::load_tokenizer(request.vocabulary_file));
    vocabulary = std::move(loaded.text);
    info.tokenizer = loaded.file_name;
  } else {
    info.tokenizer.clear();
  }
  EDGETRAN_ASSIGN(const auto graph,
                  encoder::build_encoder(info.spec, weights::build_options(info)));
  const auto scheme = request.initialization == "order-one" ? weights::Initialization::kOrderOne
                                                            : weights::Initialization::kTraining;
  const base::RandomStream random(static_cast<uint64_t>(request.seed), "initialize");
  info.history = {{"initialization", request.initialization}, {"seed", request.seed}};
  EDGETRAN_TRY(weights::write_model_folder(request.out, info, graph,
                                           weights::initialize(graph, random, scheme), vocabulary));
  Reply reply;
  reply.data = {{"folder", request.out},
                {"labels", info.labels},
                {"parameters", graph::count_graph(graph, {}).total.parameters}};
  return reply;
}

}  // namespace

std::vector<Operation> model_operations() {
  const std::string model_text = "Spec file (our JSON or the published dictionary) or model folder";
  base::Settings<ShowRequest> show_settings;
  show_settings.string("model", &ShowRequest::model, model_text);

  base::Settings<CostRequest> cost_settings;
  cost_settings.string("model", &CostRequest::model, model_text)
      .integer("batch", &CostRequest::batch, 1, 1 << 20, "", "Sequences in a batch")
      .integer("length", &CostRequest::length, 0, space::kMaxPositions, "tokens",
               "Length of each sequence; 0: 128, or the model's positions where they are fewer");

  base::Settings<ConvertRequest> convert_settings;
  convert_settings.string("model", &ConvertRequest::model, model_text)
      .choice("to", &ConvertRequest::to, {"edgetran", "published"}, "Form to write")
      .string("out", &ConvertRequest::out, "File to write instead of standard output");

  base::Settings<InitRequest> init_settings;
  init_settings.string("model", &InitRequest::model, model_text)
      .integer("labels", &InitRequest::labels, 1, 1'000'000, "",
               "Outputs of the classifier (1: regression)")
      .boolean("mlm", &InitRequest::mlm, "A masked-language-model head instead of a classifier")
      .integer("seed", &InitRequest::seed, 0, INT64_MAX, "", "Seed of the random weights")
      .choice("initialization", &InitRequest::initialization, {"training", "order-one"},
              "training: normal 0.02; order-one: weights of order 1, for numerical tests")
      .string(
          "vocabulary_file", &InitRequest::vocabulary_file,
          "vocab.txt, tokenizer.json, or a folder with vocab.json and merges.txt, to put into the "
          "folder")
      .string("out", &InitRequest::out, "Model folder to write");

  return {operation("model show", "What an encoder looks like", show_settings, {"model"}, {}, show),
          operation("model cost", "Count parameters, FLOPs, bytes and peak activations",
                    cost_settings, {"model"}, {}, cost),
          operation("model convert", "Between our JSON and the published dictionary",
                    convert_settings, {"model"}, {}, convert),
          operation("model init", "Make a model folder with random weights", init_settings,
                    {"model"}, {"out"}, init)};
}

}  // namespace edgetran::service
