// model import | export
#include <fmt/format.h>

#include <filesystem>

#include "base/files.h"
#include "data/load_tokenizer.h"
#include "device/board.h"
#include "onnx/export.h"
#include "service/model/loaded_model.h"
#include "service/operations.h"
#include "service/study/hardware.h"
#include "weights/huggingface_export.h"
#include "weights/huggingface_import.h"

namespace edgetran::service {
namespace {

using base::ErrorCategory;
using base::Json;
using base::Result;
namespace fs = std::filesystem;

// -- import ---------------------------------------------------------------------------------------

struct ImportRequest {
  std::string model;
  std::string head = "auto";
  int64_t seed = 1;
  std::string out;
};

weights::HuggingFaceHead head_of(const std::string& name) {
  if (name == "none") return weights::HuggingFaceHead::kNone;
  if (name == "classifier") return weights::HuggingFaceHead::kClassifier;
  if (name == "mlm") return weights::HuggingFaceHead::kMaskedLanguageModel;
  return weights::HuggingFaceHead::kAuto;
}

/// Whether the tokenizer that came with the model is one that data commands can use; where not, the
/// model is imported without it, with a remark.
void check_tokenizer(const fs::path& folder, weights::ImportedModel& model) {
  if (model.info.tokenizer != weights::kTokenizerFile) return;
  const auto loaded = data::load_tokenizer(folder / model.info.tokenizer);
  std::string trouble;
  if (!loaded)
    trouble = loaded.error().message;
  else if (loaded->tokenizer->vocabulary_size() > model.info.spec.vocabulary)
    trouble = fmt::format("{} has {} entries, config.json a vocab_size of {}", model.info.tokenizer,
                          loaded->tokenizer->vocabulary_size(), model.info.spec.vocabulary);
  if (trouble.empty()) return;
  model.remarks.push_back(
      fmt::format("its tokenizer is left out, give one with each command: {}", trouble));
  model.info.tokenizer.clear();
  model.vocabulary.clear();
}

Result<Reply> import_model(Context& context, const ImportRequest& request) {
  EDGETRAN_TRY(check_other_folder(request.model, request.out));
  EDGETRAN_ASSIGN(auto model, weights::import_huggingface(
                                  request.model, {.head = head_of(request.head),
                                                  .seed = static_cast<uint64_t>(request.seed)}));
  check_tokenizer(request.model, model);
  for (const std::string& remark : model.remarks)
    context.events.emit({"message", {{"text", remark}}});
  model.info.history = {{"imported", {{"from", "huggingface"}, {"seed", request.seed}}}};
  // Shards have no one hash.
  if (const auto hash = weights_hash(request.model))
    model.info.history["imported"]["weights_sha256"] = *hash;
  EDGETRAN_TRY(weights::write_model_folder(request.out, model.info, model.graph, model.weights,
                                           model.vocabulary));
  Reply reply;
  reply.data = {{"folder", request.out},
                {"head", model.info.labels > 0 ? "classifier"
                         : model.info.mlm      ? "mlm"
                                               : "none"},
                {"parameters", model.weights.element_count()},
                {"labels", model.info.labels},
                {"label_names", model.info.label_names},
                {"fresh", model.fresh},
                {"unused", model.unused},
                {"remarks", model.remarks}};
  reply.columns = {{"folder", "folder", Shown::kPlain},
                   {"head", "task head", Shown::kPlain},
                   {"parameters", "parameters", Shown::kCount},
                   {"unused", "not used", Shown::kPlain}};
  return reply;
}

// -- export ---------------------------------------------------------------------------------------

struct ExportRequest {
  std::string model;
  std::string to = "onnx";
  int64_t batch = 1;
  int64_t length = 128;
  bool dynamic = false;
  bool mask = false;
  std::string with;
  std::string out;
};

Result<std::string> onnx_bytes(const ExportRequest& request) {
  EDGETRAN_ASSIGN(const LoadedModel model,
                  load_model_folder(request.model, request.mask || request.dynamic));
  return onnx::export_onnx(model.graph, model.weights,
                           {.dynamic = request.dynamic,
                            .batch = request.batch,
                            .length = request.length,
                            .hidden = request.with == "hidden"});
}

void add_sizes(const ExportRequest& request, Json& data) {
  if (request.dynamic) return;
  data["batch"] = request.batch;
  data["length"] = request.length;
}

Result<Reply> export_onnx_file(const ExportRequest& request) {
  EDGETRAN_ASSIGN(const std::string bytes, onnx_bytes(request));
  EDGETRAN_TRY(base::write_file_atomic(request.out, bytes));
  Reply reply;
  reply.data = {{"file", request.out}, {"bytes", bytes.size()}, {"opset", 17}};
  add_sizes(request, reply.data);
  return reply;
}

Result<Reply> export_huggingface_folder(const ExportRequest& request) {
  EDGETRAN_TRY(check_other_folder(request.model, request.out));
  EDGETRAN_ASSIGN(const LoadedModel model, load_model_folder(request.model, false));
  EDGETRAN_TRY(weights::export_huggingface(request.out, model.info, model.graph, model.weights,
                                           model.vocabulary));
  Reply reply;
  reply.data = {{"folder", request.out}, {"parameters", model.weights.element_count()}};
  return reply;
}

/// The agent has the engine: it converts the ONNX file.
Result<Reply> export_openvino_folder(Context& context, const ExportRequest& request) {
  EDGETRAN_ASSIGN(const std::string bytes, onnx_bytes(request));
  EDGETRAN_ASSIGN(auto cards, read_cards({"this-machine"}, 0, 0, context.events));
  const std::string deployment = cards.front().deployments.front().name;
  const auto board =
      device::make_board(std::move(cards.front()), {.agent = context.programs / "edgetran-agent"});
  device::MeasureRequest asked;
  asked.model_bytes = bytes;
  asked.deployment = deployment;
  EDGETRAN_ASSIGN(const auto files, board->convert(asked, context.cancel));
  if (!files.contains("model.xml") || !files.contains("model.bin"))
    return base::fail(ErrorCategory::kProtocol,
                      "the agent gave no model.xml and model.bin for the model");
  EDGETRAN_TRY(base::make_folder(request.out));
  Reply reply;
  reply.data = {{"folder", request.out}};
  // The weights first: a model.xml without them would be half a model.
  for (const char* name : {"model.bin", "model.xml"}) {
    EDGETRAN_TRY(base::write_file_atomic(fs::path(request.out) / name, files.at(name)));
    reply.data[name == std::string_view("model.bin") ? "weights_bytes" : "description_bytes"] =
        files.at(name).size();
  }
  add_sizes(request, reply.data);
  return reply;
}

Result<Reply> export_model(Context& context, const ExportRequest& request) {
  if (request.to == "huggingface") return export_huggingface_folder(request);
  if (request.to == "openvino") return export_openvino_folder(context, request);
  return export_onnx_file(request);
}

}  // namespace

std::vector<Operation> model_exchange_operations() {
  base::Settings<ImportRequest> import_settings;
  import_settings.string("model", &ImportRequest::model, "Folder of a Hugging Face BERT")
      .choice("head", &ImportRequest::head, {"auto", "none", "classifier", "mlm"},
              "Task head to take; auto: the one that the folder holds")
      .integer("seed", &ImportRequest::seed, 0, INT64_MAX, "",
               "Seed of the pooler of a model that has none")
      .string("out", &ImportRequest::out, "Model folder to write");

  base::Settings<ExportRequest> export_settings;
  export_settings.string("model", &ExportRequest::model, "Model folder")
      .choice("to", &ExportRequest::to, {"onnx", "openvino", "huggingface"}, "Format to write")
      .integer("batch", &ExportRequest::batch, 1, 1 << 20, "", "Fixed batch size")
      .integer("length", &ExportRequest::length, 1, space::kMaxPositions, "tokens", "Fixed length")
      .boolean("dynamic", &ExportRequest::dynamic, "Symbolic batch and length, with a mask")
      .boolean("mask", &ExportRequest::mask, "Input attention_mask for padded sequences")
      .choice("with", &ExportRequest::with, {"", "hidden"},
              "hidden: also the output last_hidden_state")
      .string("out", &ExportRequest::out, "File to write; a folder for openvino and huggingface");

  return {operation("model import", "Make a model folder of a Hugging Face BERT", import_settings,
                    {"model"}, {"out"}, import_model),
          operation("model export", "Write a trained model for a runtime", export_settings,
                    {"model"}, {"out"}, export_model)};
}

}  // namespace edgetran::service
