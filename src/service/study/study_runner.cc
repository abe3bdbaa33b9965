#include "service/study/study_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/id.h"
#include "service/study/study_history.h"
#include "service/study/study_metrics.h"
#include "store/study_events.h"

namespace edgetran::service {

using base::ErrorCategory;
using base::Json;
using base::Result;
using base::Status;
using search::Outcome;
using search::Work;

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
  EDGETRAN_ASSIGN(const auto view, store_.view());
  quality_ = report::study_quality(view);
  if (const std::string note = report::subset_note(view); !note.empty())
    context_.events.emit({"warning", {{"text", note}}});
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
  EDGETRAN_ASSIGN(const auto source,
                  task_source(config_.task, static_cast<uint64_t>(config_.seed)));
  Json config = study_config_json(config_);
  config["data"] = data_json(config_.task, *source);
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
