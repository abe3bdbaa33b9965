// How StudyRunner does each kind of work: describe, measure, train.
#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/units.h"
#include "encoder/encoder.h"
#include "graph/cost.h"
#include "service/study/study_history.h"
#include "service/study/study_runner.h"
#include "store/study_events.h"

namespace edgetran::service {

using base::ErrorCategory;
using base::Json;
using base::Result;
using base::Status;
using search::Outcome;
using search::Work;

namespace {

/// FLOPs of a spec are counted at this length, or at the spec's positions where they are fewer.
constexpr int64_t kCountedLength = 128;

search::Metrics numbers_of(const Json& object) {
  search::Metrics metrics;
  for (const auto& [key, value] : object.items())
    if (value.is_number()) metrics[key] = value.get<double>();
  return metrics;
}

}  // namespace

Status StudyRunner::describe(const Work& work) {
  const auto& subject = trial(work.trial);
  Json payload = {{"trial", subject.id},
                  {"spec", space::model_spec_json(subject.spec)},
                  {"spec_hash", subject.spec_hash},
                  {"parameters", 0},
                  {"flops", 0}};
  const auto graph = encoder::build_encoder(subject.spec, {});
  if (!graph) {
    EDGETRAN_TRY(store_.append(store::kTrialCreated, payload));
    return settle_failure(work, graph.error());
  }
  const auto counted = graph::count_graph(
      *graph, {.batch = 1, .length = std::min(kCountedLength, subject.spec.positions)});
  payload["parameters"] = counted.total.parameters;
  payload["flops"] = counted.total.flops;
  const Outcome outcome{.metrics = {{"parameters", static_cast<double>(counted.total.parameters)},
                                    {"flops", static_cast<double>(counted.total.flops)}}};
  return settle(work, outcome, store::kTrialCreated, std::move(payload));
}

Status StudyRunner::measure(const Work& work) {
  const auto& subject = trial(work.trial);
  EDGETRAN_ASSIGN(const auto device, hardware_->device(work.device));
  EDGETRAN_ASSIGN(const auto graph,
                  encoder::build_encoder(subject.spec, {.head = encoder::TaskHead::kClassifier,
                                                        .labels = task_.outputs(),
                                                        .mask = true}));
  // Latency does not depend on the values of the weights; the trained file is measured again when
  // it is deployed.
  const auto weights = weights::initialize(
      graph, base::RandomStream(seed_of("measure.weights", static_cast<uint64_t>(subject.id)), ""),
      weights::Initialization::kTraining);
  weights::ModelInfo info;
  info.spec = subject.spec;
  info.labels = task_.outputs();
  const DeployableModel model{graph, weights, subject.spec.vocabulary, info};
  const auto measure_exported = [&]() -> Result<device::Measurement> {
    EDGETRAN_ASSIGN(const std::string bytes,
                    hardware_->export_model(device, model, context_.cancel));
    return hardware_->measure(device, model, bytes, config_.measurement.profile,
                              seed_of(device.name.c_str(), static_cast<uint64_t>(subject.id)),
                              context_);
  };
  auto measured = measure_exported();
  if (!measured) {
    const auto& error = measured.error();
    const bool set_up =
        (error.category == ErrorCategory::kDevice || error.category == ErrorCategory::kPermission ||
         error.category == ErrorCategory::kUsage || error.category == ErrorCategory::kNotFound) &&
        !answered_.contains(work.device);
    if (error.category == ErrorCategory::kInterrupted) return {};
    return set_up ? Status(base::fail(error)) : settle_failure(work, error);
  }
  answered_.insert(work.device);
  EDGETRAN_ASSIGN(const std::string raw, store_.artefacts().put_bytes(measured->raw));
  measured->record["raw"]["path"] = "sha256:" + raw;
  const auto metrics = store::record_metrics(measured->record);
  message(fmt::format("trial {} on {}: {}", subject.id, work.device,
                      base::format_seconds(metrics.at("latency_s"))));
  return settle(work, {.metrics = metrics}, store::kTrialMeasured,
                {{"trial", subject.id}, {"device", work.device}, {"record", measured->record}});
}

Result<TrainingTask> StudyRunner::training_task(const Work& work) const {
  const auto& subject = trial(work.trial);
  const auto folder = trial_folder(work.trial);
  EDGETRAN_TRY(base::make_folder(folder));
  const auto spec_file = folder / "spec.json";
  EDGETRAN_TRY(base::write_file_atomic(spec_file, space::model_spec_json(subject.spec).dump(2)));
  train::TrainJob job;
  job.kind = train::JobKind::kFinetune;
  job.model = spec_file;
  job.out = folder / fmt::format("rung-{}", work.rung);
  job.train = task_.train;
  job.dev = task_.dev;
  job.checkpoint = folder / "checkpoint";
  job.settings = config_.training;
  job.settings.length = std::min(job.settings.length, config_.task.max_length);
  job.vocabulary = task_.vocabulary;
  job.seed = seed_of("train", static_cast<uint64_t>(work.trial));
  job.tokens = last_rung_tokens(config_.search, work.to_tokens);
  job.until_tokens = work.to_tokens;
  job.threads = config_.execution.threads;
  job.precision =
      config_.execution.precision == "bf16" ? train::Precision::kBf16 : train::Precision::kFp32;
  TrainingTask task{.work = work, .jobs = {}};
  if (config_.pretraining.tokens > 0) {
    train::TrainJob first = job;
    first.kind = train::JobKind::kPretrain;
    first.out = folder / "pretrained";
    first.train = task_.text;
    first.dev.clear();
    first.checkpoint = folder / "pretraining";
    first.settings.batch = config_.pretraining.batch;
    first.settings.length = std::min(config_.pretraining.length, subject.spec.positions);
    first.settings.learning_rate = config_.pretraining.learning_rate;
    first.tokens = config_.pretraining.tokens;
    first.until_tokens = 0;
    job.model = first.out;
    if (work.rung == 0) task.jobs.push_back(std::move(first));
  }
  task.jobs.push_back(std::move(job));
  return task;
}

Status StudyRunner::finish_training(TrainingDone done) {
  const Work& work = done.work;
  if (!done.result) {
    const auto& error = done.result.error();
    if (error.category == ErrorCategory::kInterrupted || context_.cancel.requested()) return {};
    if (error.category == ErrorCategory::kNotFound) return base::fail(error);
    return settle_failure(work, error);
  }
  const auto metrics = numbers_of(done.result->metrics);
  const auto reached = metrics.find(quality_.name);
  message(fmt::format("trial {} rung {}: {} after {} tokens", work.trial, work.rung,
                      reached == metrics.end()
                          ? std::string("trained")
                          : quality_.title + " " + quality_.text(reached->second),
                      base::format_count(done.result->tokens)));
  return settle(work, {.metrics = metrics}, store::kTrialTrained,
                {{"trial", work.trial},
                 {"rung", work.rung},
                 {"tokens", done.result->tokens},
                 {"from_tokens", work.from_tokens},
                 {"to_tokens", work.to_tokens},
                 {"metrics", metrics},
                 {"seconds", done.result->seconds},
                 {"model", std::filesystem::relative(trial_folder(work.trial), store_.folder()) /
                               fmt::format("rung-{}", work.rung)}});
}

}  // namespace edgetran::service
