#include "service/study/study_deployment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/files.h"
#include "base/hash.h"
#include "data/token_file.h"
#include "encoder/encoder.h"
#include "profile/tensor_blob.h"
#include "service/study/steady_worker.h"
#include "service/study/study_parity.h"
#include "service/training_data.h"
#include "store/study_view.h"
#include "weights/model_folder.h"

namespace edgetran::service {

namespace {

using base::ErrorCategory;
using base::Json;
using base::Result;
using profile::Tensor;
using profile::TensorType;

// -- rows of the check ----------------------------------------------------------------------------

/// Test rows as the inputs of a deployment.
struct CheckRows {
  std::string inputs;  ///< tensor blob: input_ids, token_type_ids, attention_mask [rows, length]
  Truth truth;
  int64_t cut = 0;  ///< rows that were longer than the deployment
};

std::string bytes_of(const std::vector<int64_t>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(int64_t)};
}

void append_row(const data::TokenFile& file, int64_t row, int64_t length, std::vector<int64_t>& ids,
                std::vector<int64_t>& types, std::vector<int64_t>& mask) {
  const auto source = file.ids(row);
  const int64_t valid = std::min<int64_t>(length, static_cast<int64_t>(source.size()));
  const bool cut = valid < static_cast<int64_t>(source.size());
  for (int64_t t = 0; t < length; ++t) {
    int64_t id = file.info().special.pad;
    if (t < valid) id = source[static_cast<size_t>(t)];
    if (cut && t == valid - 1) id = file.info().special.separator;
    ids.push_back(id);
    types.push_back(t < valid && t >= file.second_start(row) ? 1 : 0);
    mask.push_back(t < valid ? 1 : 0);
  }
}

/// About `wanted` test rows spread evenly over the file, a multiple of the batch.
Result<CheckRows> make_check_rows(const PreparedTask& task, const device::Deployment& deployment,
                                  int64_t wanted) {
  EDGETRAN_ASSIGN(const auto file, data::TokenFile::open(task.test));
  const int64_t batch = deployment.batch;
  const int64_t available = std::min(wanted, file.rows());
  const int64_t rows = std::max<int64_t>(batch, available - available % batch);
  std::vector<int64_t> ids, types, mask;
  CheckRows check;
  check.truth.kind = task.kind;
  check.truth.score_range = task.score_high - task.score_low;
  for (int64_t i = 0; i < rows; ++i) {
    const int64_t row = i % available * file.rows() / available;
    append_row(file, row, deployment.length, ids, types, mask);
    if (task.kind == data::Kind::kRegression) {
      check.truth.scores.push_back(file.score(row));
    } else {
      check.truth.labels.push_back(file.label(row));
    }
    if (file.length(row) > deployment.length) ++check.cut;
  }
  const std::vector<int64_t> shape = {rows, deployment.length};
  const auto tensor = [&](const char* name, const std::vector<int64_t>& values) {
    return Tensor{.info = {.name = name, .type = TensorType::kInt64, .shape = shape},
                  .data = bytes_of(values)};
  };
  check.inputs = profile::encode_tensors(
      {tensor("input_ids", ids), tensor("token_type_ids", types), tensor("attention_mask", mask)});
  return check;
}

/// The logits of a blob of outputs, [rows * outputs].
Result<std::vector<float>> read_logits(std::string_view blob) {
  EDGETRAN_ASSIGN(const auto tensors, profile::decode_tensors(blob));
  const auto* logits = profile::find_tensor(tensors, "logits");
  if (logits == nullptr || logits->info.type != TensorType::kFloat32)
    return base::fail(ErrorCategory::kProtocol, "the outputs hold no float32 'logits'");
  std::vector<float> values(static_cast<size_t>(logits->info.elements()));
  std::memcpy(values.data(), logits->data.data(), logits->data.size());
  return values;
}

// -- the trained model
// -------------------------------------------------------------------------------------

/// Test metrics and the trained model's logits of the check rows, both by the trainer.
struct Trained {
  Json metrics;
  std::vector<float> logits;
};

Result<Trained> score_trained(Context& context, const DeployRequest& request,
                              const CheckRows& check, const std::filesystem::path& scratch) {
  SteadyWorker worker(
      {.program = context.programs / "edgetran-worker", .log = request.study / "worker.log"});
  train::TrainJob job;
  job.kind = train::JobKind::kEvaluate;
  job.model = request.model;
  job.dev = request.task.test;
  job.settings = request.config.training;
  job.settings.length = std::min(job.settings.length, request.config.task.max_length);
  job.threads = request.config.execution.threads;
  EDGETRAN_ASSIGN(const auto evaluated, worker.run(job, context.events, context.cancel));
  train::TrainJob infer;
  infer.kind = train::JobKind::kInfer;
  infer.model = request.model;
  infer.inputs = scratch / "inputs.safetensors";
  infer.outputs = scratch / "outputs.safetensors";
  infer.threads = job.threads;
  EDGETRAN_TRY(base::write_file_atomic(infer.inputs, check.inputs));
  EDGETRAN_TRY(worker.run(infer, context.events, context.cancel));
  EDGETRAN_ASSIGN(const std::string outputs, base::read_file(infer.outputs));
  Trained trained{.metrics = evaluated.metrics, .logits = {}};
  EDGETRAN_ASSIGN(trained.logits, read_logits(outputs));
  return trained;
}

// -- files
// ------------------------------------------------------------------------------------------

base::Status copy_whole(const std::filesystem::path& from, const std::filesystem::path& to) {
  EDGETRAN_ASSIGN(const std::string bytes, base::read_file(from));
  return base::write_file_atomic(to, bytes);
}

/// What the file's logits mean, and what the data were: for those who have only the folder.
Json answers_json(const DeployRequest& request, const weights::ModelInfo& info) {
  const PreparedTask& task = request.task;
  Json json;
  if (task.kind == data::Kind::kRegression) {
    json = {{"answer", "score"}, {"training_scores", {task.score_low, task.score_high}}};
  } else {
    json = {{"answer", "class"},
            {"labels", info.label_names.empty() ? task.labels : info.label_names}};
  }
  if (!task.subsets.empty()) {
    json["subsets"] = task.subsets;
    json["note"] = subset_note(task.subsets);
  }
  return json;
}

Result<Json> write_files(const DeployRequest& request, const std::string& onnx,
                         const weights::ModelInfo& info) {
  const auto folder = request.study / "deploy";
  EDGETRAN_TRY(base::make_folder(folder));
  Json files = {{"onnx", "deploy/model.onnx"}};
  EDGETRAN_TRY(base::write_file_atomic(folder / "model.onnx", onnx));
  std::vector<std::string> names = {std::string(weights::kModelFile),
                                    std::string(weights::kWeightsFile),
                                    std::string(weights::kHistoryFile)};
  for (const auto& name : names) {
    const auto from = request.model / name;
    if (std::filesystem::exists(from)) EDGETRAN_TRY(copy_whole(from, folder / name));
  }
  const std::string tokenizer(weights::tokenizer_file_name(request.task.vocabulary));
  EDGETRAN_TRY(copy_whole(request.task.vocabulary, folder / tokenizer));
  files["model"] = "deploy";
  Json how = {{"format", "edgetran.deploy/1"},
              {"onnx", "model.onnx"},
              {"onnx_sha256", base::sha256_hex(onnx)},
              {"tokenizer", tokenizer},
              {"runtime", request.device.deployment.runtime},
              {"precision", request.device.deployment.precision},
              {"threads", request.device.deployment.threads},
              {"batch", request.device.deployment.batch},
              {"length", request.device.deployment.length},
              {"metric", request.quality.name}};
  how.update(answers_json(request, info));
  EDGETRAN_TRY(base::write_file_atomic(folder / "deploy.json", how.dump(2) + "\n"));
  files["description"] = "deploy/deploy.json";
  files["onnx_sha256"] = how.at("onnx_sha256");
  files["onnx_bytes"] = onnx.size();
  return files;
}

}  // namespace

Result<Json> deploy_pair(Context& context, const DeployRequest& request, Hardware& hardware) {
  EDGETRAN_ASSIGN(const auto info, weights::read_model_info(request.model));
  auto options = weights::build_options(info);
  options.mask = true;
  EDGETRAN_ASSIGN(const auto graph, encoder::build_encoder(info.spec, options));
  EDGETRAN_ASSIGN(const auto weights,
                  weights::load_weights(request.model / weights::kWeightsFile, graph));
  const DeployableModel model{graph, weights, info.spec.vocabulary, info};
  EDGETRAN_ASSIGN(const std::string onnx, hardware.export_onnx(request.device, model));
  // What its runtime runs may be another format; the ONNX file is handed over in any case.
  EDGETRAN_ASSIGN(const std::string bytes,
                  hardware.export_model(request.device, model, context.cancel));
  EDGETRAN_ASSIGN(Json files, write_files(request, onnx, info));

  EDGETRAN_ASSIGN(const auto check, make_check_rows(request.task, request.device.deployment,
                                                    request.config.measurement.deploy_rows));
  EDGETRAN_ASSIGN(const auto scratch, base::TemporaryFolder::create("edgetran-deploy"));
  EDGETRAN_ASSIGN(const auto trained, score_trained(context, request, check, scratch.path()));
  Json parity;
  if (hardware.computes_nothing(request.device)) {
    parity = {{"verified", false}, {"reason", "a simulated or replay board computes nothing"}};
  } else {
    EDGETRAN_ASSIGN(
        const std::string outputs,
        hardware.run_outputs(request.device, bytes, model.vocabulary, check.inputs, context));
    EDGETRAN_ASSIGN(const auto deployed, read_logits(outputs));
    EDGETRAN_ASSIGN(parity,
                    compare_answers(trained.logits, deployed, check.truth, request.quality.name));
    parity["rows_cut"] = check.cut;
    parity["verified"] = true;
  }
  EDGETRAN_ASSIGN(const auto measured,
                  hardware.measure(request.device, model, bytes, request.config.measurement.profile,
                                   request.seed, context));
  Json metrics = Json::object();
  for (const auto& [key, value] : trained.metrics.items())
    if (value.is_number()) metrics["test_" + key] = value;
  for (const auto& [key, value] : store::record_metrics(measured.record)) metrics[key] = value;
  return Json{{"trial", request.trial}, {"device", request.device.name},
              {"files", files},         {"parity", parity},
              {"metrics", metrics},     {"measurement", measured.record}};
}

}  // namespace edgetran::service
