#include "service/campaign/campaign_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <tuple>

#include "base/random.h"
#include "base/units.h"
#include "service/campaign/campaign_exports.h"
#include "store/study_view.h"

namespace edgetran::service {

using base::ErrorCategory;
using base::Result;
using base::Status;
using profile::CampaignStep;
using profile::StepKind;

namespace {

/// How often the main thread looks for an interrupt: soon enough for a person.
constexpr std::chrono::milliseconds kLook{50};

std::vector<device::Card> cards_of(const CampaignConfig& config) {
  std::vector<device::Card> cards;
  cards.reserve(config.boards.size());
  for (const auto& board : config.boards) cards.push_back(board.card);
  return cards;
}

/// Whether measuring a board takes this machine's processors.
bool works_here(device::BoardKind kind) {
  return kind == device::BoardKind::kLocal || kind == device::BoardKind::kSimulated;
}

bool measures_this_machine(const CampaignConfig& config) {
  return std::ranges::any_of(config.boards, [](const CampaignBoard& board) {
    return board.card.board.kind == device::BoardKind::kLocal;
  });
}

/// What the boards' deployments may need a model's file in. Boards come to a model at different
/// times: a file a model and board.
size_t shapes_of(const CampaignConfig& config) {
  size_t count = 0;
  for (const auto& board : config.boards) {
    std::set<std::tuple<std::string, int64_t, int64_t>> shapes;
    for (const auto& deployment : board.card.deployments)
      shapes.emplace(deployment.runtime, deployment.batch, deployment.length);
    count += shapes.size();
  }
  return count;
}

/// Whether the same request may succeed another time. What is wrong with the request itself stays.
bool may_help(ErrorCategory category) {
  return category != ErrorCategory::kUsage && category != ErrorCategory::kNotFound &&
         category != ErrorCategory::kCorrupt;
}

}  // namespace

/// One board's part, on a thread of its own.
class CampaignRunner::BoardThread {
 public:
  BoardThread(CampaignRunner& runner, size_t index)
      : runner_(runner),
        index_(index),
        board_(runner.config_.boards[index]),
        local_(works_here(board_.card.board.kind)) {
    for (const auto& model : runner.config_.models) models_[model.id] = &model;
    models_[runner.config_.sentinel.id] = &runner.config_.sentinel;
    for (const auto& device : runner.hardware_.devices())
      if (device.board == index) devices_[device.deployment.name] = &device;
  }

  Status run() {
    // An interruption is seen here too: it is passed on only at the next look.
    while (!progress().finished() && !runner_.stop_.requested() &&
           !runner_.context_.cancel.requested()) {
      EDGETRAN_TRY(step());
    }
    return {};
  }

 private:
  const BoardProgress& progress() const { return runner_.store_.board(index_); }

  /// Does the next step and logs what came of it; an error ends the board's part.
  Status step() {
    const CampaignStep planned = progress().steps[progress().settled.size()];
    const double start_s = runner_.context_.clock.now_s();
    auto measured = measure(planned);
    const double seconds = runner_.context_.clock.now_s() - start_s;
    if (!measured) return settle_failure(planned, measured.error(), seconds);
    const auto text = shown(*measured);
    EDGETRAN_TRY(kept(runner_.store_.measured(index_, std::move(*measured), seconds)));
    report(planned, text);
    if (planned.kind == StepKind::kSentinel) warn_of_drift();
    return {};
  }

  Result<device::Measurement> measure(const CampaignStep& step) {
    const StudyDevice& device = *devices_.at(step.deployment);
    const CampaignModel& model = *models_.at(step.model);
    EDGETRAN_ASSIGN(const auto exported, exported_model(step, model, device));
    // Weights were of use for the export only.
    const weights::Weights none;
    const DeployableModel deployable{exported.graph, none, model.spec.vocabulary, exported.info};
    std::optional<MachineTurns::Turn> turn;
    if (local_) turn.emplace(runner_.turns_);
    Context context{.clock = runner_.context_.clock,
                    .events = runner_.context_.events,
                    .cancel = runner_.stop_now_,
                    .programs = runner_.context_.programs,
                    .cache = runner_.context_.cache};
    const uint64_t seed = seed_of(progress().settled.size());
    const std::string& profile = runner_.config_.profile;
    if (!exported.bytes)
      return runner_.hardware_.measure(device, deployable, exported.digest, profile, seed, context);
    return runner_.hardware_.measure(device, deployable, *exported.bytes, profile, seed, context);
  }

  Result<ExportedModel> exported_model(const CampaignStep& step, const CampaignModel& model,
                                       const StudyDevice& device) {
    if (step.kind == StepKind::kSentinel && sentinel_) return *sentinel_;
    // Not within a turn: a board that is far away may take its time to answer.
    EDGETRAN_ASSIGN(const std::string format, format_of(device));
    const bool first = step.kind == StepKind::kCandidate && !step.retries;
    const MachineTurns::Turn turn(runner_.turns_);
    EDGETRAN_ASSIGN(auto exported, runner_.exports_.get(model, device, format, first));
    if (step.kind == StepKind::kSentinel) sentinel_ = exported;
    return exported;
  }

  Result<std::string> format_of(const StudyDevice& device) {
    auto& format = formats_[device.deployment.runtime];
    if (format.empty()) {
      EDGETRAN_ASSIGN(format, runner_.hardware_.model_format(device, runner_.stop_now_));
    }
    return format;
  }

  /// A seed of its own for every measurement; below 2^53 so that every JSON reader holds it.
  uint64_t seed_of(size_t number) const {
    return base::RandomStream(static_cast<uint64_t>(runner_.config_.seed), "campaign.measure")
               .derive(board_.name, number)
               .next_u64() >>
           11;
  }

  /// What cannot be kept (the disk is full) ends every board's part.
  Status kept(Status status) const {
    if (!status) runner_.stop_.request();
    return status;
  }

  Status settle_failure(const CampaignStep& step, const base::Error& error, double seconds) {
    if (error.category == ErrorCategory::kInterrupted) {
      // Ours, or the agent's own end by a signal to the whole group: nothing is logged.
      runner_.stop_.request();
      return {};
    }
    if (step.kind == StepKind::kSentinel)
      return base::fail(error.within(
          fmt::format("the board '{}' stopped: the sentinel {} cannot be measured on '{}'",
                      board_.name, shown_id(step.model), step.deployment)));
    EDGETRAN_TRY(kept(runner_.store_.failed(index_, error, may_help(error.category), seconds)));
    report(step, "failed: " + error.message);
    return {};
  }

  static std::string shown(const device::Measurement& measured) {
    const auto metrics = store::record_metrics(measured.record);
    const auto latency = metrics.find("latency_s");
    auto text = latency == metrics.end() ? std::string("no latency")
                                         : base::format_seconds(latency->second);
    return text + " " + measured.record.value("verdict", std::string());
  }

  void report(const CampaignStep& step, const std::string& text) const {
    const auto count = runner_.store_.count();
    std::string what = step.kind == StepKind::kSentinel ? "sentinel "
                       : step.kind == StepKind::kRepeat ? "repeat "
                                                        : "";
    if (step.attempt > 1) what += fmt::format("attempt {} ", step.attempt);
    runner_.context_.events.emit(
        {"message",
         {{"text",
           fmt::format("[{}/{}] {} {}{} {}", count.settled, count.planned,
                       devices_.at(step.deployment)->name, what, shown_id(step.model), text)}}});
  }

  void warn_of_drift() const {
    const auto drifts = profile::sentinel_drifts(progress().steps, progress().latencies());
    const size_t last = progress().settled.size() - 1;
    for (const auto& drift : drifts)
      if (drift.step == last && drift.state == profile::DriftState::kDrift)
        runner_.context_.events.emit(
            {"warning",
             {{"text",
               fmt::format("the board '{}' drifted: its sentinel takes {:+.1f} % at step {}; "
                           "the measurements around it are marked",
                           board_.name, 100 * (drift.ratio - 1), last)}}});
  }

  CampaignRunner& runner_;
  size_t index_;
  const CampaignBoard& board_;
  bool local_;
  std::optional<ExportedModel> sentinel_;
  std::map<std::string, const CampaignModel*> models_;
  std::map<std::string, std::string> formats_;  ///< of model files, by runtime
  std::map<std::string, const StudyDevice*> devices_;
};

CampaignRunner::CampaignRunner(Context& context, const CampaignConfig& config, CampaignStore& store,
                               std::string command)
    : context_(context),
      config_(config),
      store_(store),
      command_(std::move(command)),
      hardware_(cards_of(config), {.agent = context.programs / "edgetran-agent",
                                   .agent_log = store.folder() / "agent.log"}),
      exports_(hardware_, {.mask = config.mask,
                           .seed = static_cast<uint64_t>(config.seed),
                           .most_files = (profile::kGroupModels + 1) * shapes_of(config)}),
      turns_(measures_this_machine(config) && config.boards.size() > 1) {}

Status CampaignRunner::run() {
  std::vector<Status> results(config_.boards.size());
  working_ = results.size();
  std::vector<std::thread> threads;
  for (size_t i = 0; i < results.size(); ++i) {
    threads.emplace_back([this, i, &results] {
      try {
        results[i] = BoardThread(*this, i).run();
      } catch (const std::exception& error) {
        results[i] = base::fail(
            ErrorCategory::kResource,
            fmt::format("the board '{}' stopped: {}", config_.boards[i].name, error.what()));
      }
      const std::lock_guard<std::mutex> lock(mutex_);
      --working_;
      ended_.notify_all();
    });
  }
  pass_interrupts_on();
  for (auto& thread : threads) thread.join();
  // Where the disk is full this fails too: what the boards say and how to go on must not be lost.
  results.push_back(store_.project());
  return outcome(results);
}

void CampaignRunner::pass_interrupts_on() {
  std::unique_lock<std::mutex> lock(mutex_);
  bool told = false;
  while (!ended_.wait_for(lock, kLook, [&] { return working_ == 0; })) {
    if (context_.cancel.requested() && !told) {
      told = true;
      stop_.request();
      context_.events.emit({"message",
                            {{"text",
                              "finishing the measurements under way; interrupt again to stop "
                              "now"}}});
    }
    if (context_.cancel.urgent() && !stop_now_.requested()) stop_now_.request();
  }
}

Status CampaignRunner::outcome(const std::vector<Status>& results) const {
  std::optional<base::Error> first;
  for (const auto& result : results) {
    if (result) continue;
    if (first) {
      first->message += "; " + result.error().message;
    } else {
      first = result.error();
    }
  }
  const auto count = store_.count();
  const auto kept = fmt::format("{} of {} measurements are kept", count.settled, count.planned);
  const auto hint = fmt::format("{}; continue with: {}", kept, command_);
  if (first)
    return base::fail(first->category, first->message,
                      first->hint.empty() ? hint : first->hint + "\n  " + hint);
  if (count.settled < count.planned)
    return base::fail(ErrorCategory::kInterrupted, "interrupted", hint);
  return {};
}

}  // namespace edgetran::service
