// model transfer
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/files.h"
#include "base/units.h"
#include "data/load_tokenizer.h"
#include "encoder/encoder.h"
#include "service/model/loaded_model.h"
#include "service/operations.h"
#include "weights/transfer.h"

namespace edgetran::service {
namespace {

using base::Json;
using base::Result;
using weights::ParameterCoverage;
using weights::TransferMode;

struct TransferRequest {
  std::string model;
  std::string spec;
  std::string mode = "importance";
  bool preserve_function = false;
  int64_t seed = 1;
  std::string vocabulary_file;
  std::string out;
};

TransferMode mode_of(const std::string& name) {
  if (name == "ordered") return TransferMode::kOrdered;
  if (name == "projection") return TransferMode::kProjection;
  return TransferMode::kImportance;
}

/// "layers.3" or the first word of a parameter's name.
std::string part_of(const std::string& name) {
  const size_t first = name.find('.');
  if (!name.starts_with("layers.")) return name.substr(0, first);
  return name.substr(0, name.find('.', first + 1));
}

Json share_json(int64_t covered, int64_t parameters) {
  if (parameters == 0) return nullptr;
  return static_cast<double>(covered) / static_cast<double>(parameters);
}

/// A row a part of the target, in its order.
Json parts_json(const std::vector<ParameterCoverage>& rows) {
  struct Part {
    std::string name;
    int64_t parameters = 0, covered = 0;
  };
  std::vector<Part> parts;
  for (const ParameterCoverage& row : rows) {
    if (row.target == 0) continue;
    const std::string name = part_of(row.name);
    auto found = std::ranges::find(parts, name, &Part::name);
    if (found == parts.end()) found = parts.insert(parts.end(), {.name = name});
    found->parameters += row.target;
    found->covered += row.matched;
  }
  Json list = Json::array();
  for (const Part& part : parts)
    list.push_back({{"part", part.name},
                    {"parameters", part.parameters},
                    {"covered", part.covered},
                    {"share", share_json(part.covered, part.parameters)}});
  return list;
}

Json parameters_json(const std::vector<ParameterCoverage>& rows) {
  Json list = Json::array();
  for (const ParameterCoverage& row : rows)
    list.push_back({{"name", row.name},
                    {"source", row.source},
                    {"target", row.target},
                    {"covered", row.matched}});
  return list;
}

std::string reply_text(const Json& data) {
  std::string text = fmt::format("{}\ncovered        {} of {} parameters, {}\n",
                                 data.at("folder").get<std::string>(),
                                 base::format_count(data.at("covered").get<int64_t>()),
                                 base::format_count(data.at("parameters").get<int64_t>()),
                                 base::format_percent(data.at("covered_share").get<double>()));
  for (const Json& part : data.at("layers"))
    text += fmt::format("  {:<12} {}\n", part.at("part").get<std::string>(),
                        base::format_percent(part.at("share").get<double>()));
  if (data.at("function_preserved").is_null()) return text;
  if (data.at("function_preserved").get<bool>()) return text + "function       unchanged\n";
  text += "function       changed:\n";
  for (const Json& change : data.at("function_changes"))
    text += fmt::format("  {}\n", change.get<std::string>());
  return text;
}

/// The target's tokenizer: the one given, else the source's where its size fits. Sets
/// info.tokenizer, gives the text of the file of that name.
Result<std::string> choose_vocabulary(Context& context, const TransferRequest& request,
                                      const LoadedModel& source, weights::ModelInfo& info) {
  if (!request.vocabulary_file.empty()) {
    EDGETRAN_ASSIGN(auto loaded, data::load_tokenizer(request.vocabulary_file));
    info.tokenizer = loaded.file_name;
    return std::move(loaded.text);
  }
  if (source.vocabulary.empty() || source.info.spec.vocabulary == info.spec.vocabulary)
    return source.vocabulary;
  context.events.emit(
      {"message",
       {{"text", fmt::format("the target has a vocabulary of {}, the source of {}: "
                             "its {} is left out; give --vocabulary-file",
                             info.spec.vocabulary, source.info.spec.vocabulary, info.tokenizer)}}});
  info.tokenizer.clear();
  return std::string();
}

Result<Reply> transfer(Context& context, const TransferRequest& request) {
  EDGETRAN_TRY(check_other_folder(request.model, request.out));
  EDGETRAN_ASSIGN(const LoadedModel source, load_model_folder(request.model, false));
  EDGETRAN_ASSIGN(const auto wanted, weights::read_model_info(request.spec));
  weights::ModelInfo info = source.info;
  info.spec = wanted.spec;
  EDGETRAN_ASSIGN(const auto graph,
                  encoder::build_encoder(info.spec, weights::build_options(info)));
  EDGETRAN_ASSIGN(const std::string vocabulary, choose_vocabulary(context, request, source, info));
  const weights::Transferred made =
      weights::transfer(source.graph, source.weights, graph,
                        {.mode = mode_of(request.mode),
                         .seed = static_cast<uint64_t>(request.seed),
                         .preserve_function = request.preserve_function});
  int64_t covered = 0, parameters = 0;
  for (const ParameterCoverage& row : made.parameters) {
    covered += row.matched;
    parameters += row.target;
  }
  EDGETRAN_ASSIGN(const std::string parent, weights_hash(request.model));
  info.history = {{"transfer",
                   {{"mode", request.mode},
                    {"seed", request.seed},
                    {"preserve_function", request.preserve_function},
                    {"covered_share", made.covered_share()},
                    {"parent_weights_sha256", parent}}},
                  {"parent", source.info.history}};
  EDGETRAN_TRY(weights::write_model_folder(request.out, info, graph, made.weights, vocabulary));
  Reply reply;
  reply.data = {{"folder", request.out},
                {"mode", request.mode},
                {"seed", request.seed},
                {"parameters", parameters},
                {"covered", covered},
                {"covered_share", made.covered_share()},
                {"distance", weights::coverage_distance(made.parameters)},
                {"function_preserved",
                 request.preserve_function ? Json(made.function_changes.empty()) : Json(nullptr)},
                {"function_changes", made.function_changes},
                {"layers", parts_json(made.parameters)},
                {"by_parameter", parameters_json(made.parameters)}};
  reply.text = reply_text(reply.data);
  return reply;
}

}  // namespace

std::vector<Operation> model_transfer_operations() {
  base::Settings<TransferRequest> settings;
  settings.string("model", &TransferRequest::model, "Model folder to take weights from")
      .string("spec", &TransferRequest::spec, "Spec file (or model folder) of the model to make")
      .choice("mode", &TransferRequest::mode, {"importance", "ordered", "projection"},
              "Where an axis shrinks: keep its largest parts, its first ones, or random directions")
      .boolean("preserve_function", &TransferRequest::preserve_function,
               "Start new parts so that the outputs stay the same where that is possible")
      .integer("seed", &TransferRequest::seed, 0, INT64_MAX, "",
               "Seed of projections and of new parts")
      .string(
          "vocabulary_file", &TransferRequest::vocabulary_file,
          "Tokenizer of the new model, as --vocabulary elsewhere; empty: the source's, if it fits")
      .string("out", &TransferRequest::out, "Model folder to write");
  return {operation("model transfer", "Start a model from the weights of another", settings,
                    {"model"}, {"spec", "out"}, transfer)};
}

}  // namespace edgetran::service
