#include "service/study/study_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/files.h"
#include "base/id.h"
#include "base/units.h"
#include "encoder/encoder.h"
#include "graph/cost.h"
#include "search/recommend.h"
#include "service/study/study_baseline.h"
#include "service/study/study_deployment.h"
#include "service/study/study_history.h"
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

// -- opening ------------------------------------------------------------------------------------

Result<std::unique_ptr<StudyRunner>> StudyRunner::open(Context& context, StudyConfig config,
                                                       const std::filesystem::path& folder) {
  EDGETRAN_ASSIGN(auto store,
                  store::StudyStore::open(folder, context.clock, base::system_entropy()));
  std::unique_ptr<StudyRunner> runner(
      new StudyRunner(context, std::move(config), std::move(store)));
  if (!runner->store_.recovered().empty()) runner->message(runner->store_.recovered());
  EDGETRAN_TRY(runner->prepare());
  return runner;
}

Status StudyRunner::prepare() {
  EDGETRAN_ASSIGN(auto cards, read_cards(config_.devices, config_.measurement.batch,
                                         config_.measurement.length, context_.events));
  hardware_ = std::make_unique<Hardware>(
      std::move(cards), device::BoardOptions{.agent = context_.programs / "edgetran-agent",
                                             .agent_log = store_.folder() / "agent.log"});
  EDGETRAN_TRY(create_or_check());
  EDGETRAN_ASSIGN(task_, prepare_task(config_.task, static_cast<uint64_t>(config_.seed),
                                      context_.cache, context_.events));
  search::MethodInput input{.space = config_.space,
                            .devices = {},
                            .problem = config_.problem,
                            .seed = static_cast<uint64_t>(config_.seed)};
  input.space.vocabulary = task_.vocabulary_size;
  for (const auto& device : hardware_->devices()) {
    if (device.deployment.length > input.space.positions)
      return base::fail(
          ErrorCategory::kUsage,
          fmt::format("device '{}' runs {} tokens, but the space has encoders of {} positions",
                      device.name, device.deployment.length, input.space.positions),
          "give measurement.length a smaller number, or the space more positions");
    input.devices.push_back(device.name);
  }
  if (config_.task.max_length > input.space.positions)
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("task.max_length {} exceeds the space's {} positions",
                                  config_.task.max_length, input.space.positions));
  EDGETRAN_ASSIGN(method_,
                  search::make_method(base::ConfigValue::from_json(config_.search, "search"),
                                      std::move(input)));
  EDGETRAN_TRY(replay());
  return reconcile_states();
}

Status StudyRunner::create_or_check() {
  const Json config = study_config_json(config_);
  if (!store_.events().empty()) {
    const auto& created = store_.events().front().payload;
    return check_same_study(created, config, hardware_->devices_json(), store_.folder().string());
  }
  return store_.append(store::kStudyCreated,
                       {{"name", config_.name},
                        {"seed", config_.seed},
                        {"config", config},
                        {"objectives", search::objectives_json(config_.problem.objectives)},
                        {"constraints", search::constraints_json(config_.problem.constraints)},
                        {"devices", hardware_->devices_json()}});
}

Status StudyRunner::replay() {
  for (const auto& event : store_.events()) {
    EDGETRAN_TRY(replay_event(event, *method_));
    if (event.type == store::kTrialMeasured)
      answered_.insert(event.payload.at("device").get<std::string>());
  }
  return {};
}

// A crash may fall between a result and the states that follow from it: log what is missing.
Status StudyRunner::reconcile_states() {
  EDGETRAN_ASSIGN(const auto view, store_.view());
  (void)method_->take_changed();
  for (const auto& logged : view.trials) {
    const auto& known = trial(logged.trial);
    const auto state = search::state_name(known.state);
    if (logged.state != state)
      EDGETRAN_TRY(store_.append(
          store::kTrialState, {{"trial", known.id}, {"state", state}, {"reason", known.reason}}));
  }
  return {};
}

// -- the search -----------------------------------------------------------------------------------

Status StudyRunner::run() {
  EDGETRAN_TRY(search());
  if (context_.cancel.requested()) return base::fail(interrupted());
  EDGETRAN_TRY(run_baseline());
  return deploy();
}

Status StudyRunner::search() {
  if (method_->finished()) return {};
  const size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const auto threads = static_cast<size_t>(config_.execution.threads);
  const size_t workers = config_.execution.workers > 0
                             ? static_cast<size_t>(config_.execution.workers)
                             : std::max<size_t>(1, cores / threads);
  pool_ = std::make_unique<TrainingPool>(
      workers,
      train::WorkerOptions{.program = context_.programs / "edgetran-worker",
                           .log = store_.folder() / "worker.log",
                           .memory_limit_bytes = static_cast<uint64_t>(
                               config_.execution.memory_limit_gib * (1 << 30))},
      context_.events, context_.cancel);
  Status status;
  while (status && !context_.cancel.requested()) {
    const auto more = step();
    if (!more) status = base::fail(more.error());
    if (more && !*more) break;
  }
  while (status && pool_->pending() > 0) status = finish_training(pool_->wait());
  pool_.reset();
  if (status && context_.cancel.requested()) return base::fail(interrupted());
  return status;
}

void StudyRunner::sort_new_work() {
  constexpr size_t kMany = 4096;
  for (auto& work : method_->ask(kMany)) {
    auto& queue = work.kind == Work::Kind::kDescribe  ? to_describe_
                  : work.kind == Work::Kind::kMeasure ? to_measure_
                                                      : to_train_;
    queue.push_back(std::move(work));
  }
}

/// Does one thing; false when the search is finished. Measuring waits until no training runs, and
/// training until nothing is left to measure, so that figures come from a quiet machine.
Result<bool> StudyRunner::step() {
  sort_new_work();
  const auto take = [](std::deque<Work>& queue) {
    Work work = std::move(queue.front());
    queue.pop_front();
    return work;
  };
  Status status;
  if (!to_describe_.empty()) {
    status = describe(take(to_describe_));
  } else if (!to_measure_.empty() && pool_->pending() == 0) {
    status = measure(take(to_measure_));
  } else if (to_measure_.empty() && !to_train_.empty() && pool_->idle() > 0) {
    EDGETRAN_ASSIGN(auto task, training_task(take(to_train_)));
    pool_->submit(std::move(task));
  } else if (pool_->pending() > 0) {
    status = finish_training(pool_->wait());
  } else {
    EDGETRAN_CHECK(method_->finished(), "the search neither asks for work nor is finished");
    return false;
  }
  if (!status) return base::fail(status.error());
  return true;
}

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
  EDGETRAN_ASSIGN(
      const auto graph,
      encoder::build_encoder(subject.spec, {.head = encoder::TaskHead::kClassifier,
                                            .labels = static_cast<int64_t>(task_.labels.size()),
                                            .mask = true}));
  // Latency does not depend on the values of the weights; the trained file is measured again when
  // it is deployed.
  const auto weights = weights::initialize(
      graph, base::RandomStream(seed_of("measure.weights", static_cast<uint64_t>(subject.id)), ""),
      weights::Initialization::kTraining);
  const DeployableModel model{graph, weights, subject.spec.vocabulary};
  EDGETRAN_ASSIGN(const std::string onnx, hardware_->export_model(device, model));
  auto measured =
      hardware_->measure(device, model, onnx, config_.measurement.profile,
                         seed_of(device.name.c_str(), static_cast<uint64_t>(subject.id)), context_);
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
  const auto accuracy = metrics.find("accuracy");
  message(fmt::format("trial {} rung {}: {} after {} tokens", work.trial, work.rung,
                      accuracy == metrics.end()
                          ? std::string("trained")
                          : "accuracy " + base::format_percent(accuracy->second),
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

// -- results into the log
// ---------------------------------------------------------------------------

Status StudyRunner::settle(const Work& work, const Outcome& outcome, std::string_view type,
                           Json payload) {
  EDGETRAN_TRY(method_->tell(work, outcome));
  EDGETRAN_TRY(store_.append(type, std::move(payload)));
  return log_states();
}

Status StudyRunner::settle_failure(const Work& work, const base::Error& error) {
  context_.events.emit({"warning", {{"text", work.text() + " failed: " + error.message}}});
  EDGETRAN_TRY(method_->tell(
      work, {.kind = Outcome::Kind::kFailed, .metrics = {}, .reason = error.message}));
  const auto& subject = trial(work.trial);
  EDGETRAN_TRY(store_.append(store::kTrialState, {{"trial", work.trial},
                                                  {"state", search::state_name(subject.state)},
                                                  {"reason", work.text() + ": " + error.message},
                                                  {"work", work_json(work)},
                                                  {"failure", error.message}}));
  return log_states();
}

Status StudyRunner::log_states() {
  for (const int64_t id : method_->take_changed()) {
    const auto& subject = trial(id);
    if (subject.described.empty()) continue;  // not created in the log yet
    EDGETRAN_TRY(store_.append(
        store::kTrialState,
        {{"trial", id}, {"state", search::state_name(subject.state)}, {"reason", subject.reason}}));
  }
  return {};
}

Result<int64_t> StudyRunner::retry_failed() {
  int64_t count = 0;
  for (const auto& subject : method_->trials()) {
    if (subject.state != search::TrialState::kFailed) continue;
    EDGETRAN_TRY(method_->retry(subject.id));
    EDGETRAN_TRY(store_.append(store::kTrialState, {{"trial", subject.id},
                                                    {"state", search::state_name(subject.state)},
                                                    {"reason", ""},
                                                    {"retry", true}}));
    ++count;
  }
  EDGETRAN_TRY(log_states());
  return count;
}

// -- the end
// ----------------------------------------------------------------------------------------

Status StudyRunner::run_baseline() {
  EDGETRAN_ASSIGN(const auto view, store_.view());
  if (config_.baseline.empty() || !view.baselines.empty()) return {};
  message("baseline: " + config_.baseline);
  auto baseline =
      run_baseline_program(config_.baseline, config_.task, static_cast<uint64_t>(config_.seed),
                           store_.folder() / "baseline", context_.cancel);
  if (!baseline) {
    if (baseline.error().category == ErrorCategory::kInterrupted) return base::fail(interrupted());
    context_.events.emit({"warning", {{"text", "no baseline: " + baseline.error().message}}});
    return {};
  }
  return store_.append(store::kStudyBaseline, std::move(*baseline));
}

Status StudyRunner::deploy() {
  EDGETRAN_ASSIGN(const auto view, store_.view());
  if (view.finished) {
    if (view.deployed.empty())
      return base::fail(ErrorCategory::kInfeasible, "no pair satisfies the constraints");
    return {};
  }
  const auto pairs = method_->pairs();
  std::vector<search::Metrics> metrics;
  for (const auto& pair : pairs) metrics.push_back(pair.metrics);
  const auto chosen = search::recommend(config_.problem, metrics, config_.preference);
  if (!chosen) {
    if (chosen.error().category == ErrorCategory::kInfeasible)
      EDGETRAN_TRY(store_.append(store::kStudyFinished,
                                 {{"feasible", false}, {"reason", chosen.error().message}}));
    return base::fail(chosen.error());
  }
  const auto& pair = pairs[*chosen];
  message(fmt::format("deploying trial {} on {}", pair.trial, pair.device));
  EDGETRAN_ASSIGN(const auto device, hardware_->device(pair.device));
  const auto& subject = trial(pair.trial);
  EDGETRAN_ASSIGN(auto payload,
                  deploy_pair(context_,
                              {.config = config_,
                               .task = task_,
                               .device = device,
                               .trial = pair.trial,
                               .model = trial_folder(pair.trial) /
                                        fmt::format("rung-{}", subject.rungs.size() - 1),
                               .study = store_.folder(),
                               .seed = seed_of("deploy", static_cast<uint64_t>(pair.trial))},
                              *hardware_));
  if (context_.cancel.requested()) return base::fail(interrupted());
  EDGETRAN_TRY(store_.append(store::kStudyDeployed, std::move(payload)));
  return store_.append(store::kStudyFinished,
                       {{"feasible", true},
                        {"recommended", {{"trial", pair.trial}, {"device", pair.device}}},
                        {"task", task_.facts}});
}

// -- small things
// -------------------------------------------------------------------------------------

base::Error StudyRunner::interrupted() const {
  return {ErrorCategory::kInterrupted, "interrupted; nothing that was finished is lost",
          "the same command continues"};
}

const search::Trial& StudyRunner::trial(int64_t id) const {
  const auto& trials = method_->trials();
  EDGETRAN_CHECK(id >= 1 && id <= static_cast<int64_t>(trials.size()), "unknown trial");
  return trials[static_cast<size_t>(id - 1)];
}

std::filesystem::path StudyRunner::trial_folder(int64_t id) const {
  return store_.folder() / "trials" / fmt::format("{:04}", id);
}

uint64_t StudyRunner::seed_of(const char* purpose, uint64_t index) const {
  const base::RandomStream root(static_cast<uint64_t>(config_.seed), "study");
  // Kept below 2^53 so that every JSON reader holds it exactly.
  return root.derive(purpose, index).next_u64() >> 11;
}

void StudyRunner::message(const std::string& text) {
  context_.events.emit({"message", {{"text", text}}});
}

}  // namespace edgetran::service
