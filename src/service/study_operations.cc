// study init | run | status | retry | export, search run | status | front, report
#include <fmt/format.h>

#include "base/files.h"
#include "base/text.h"
#include "base/version.h"
#include "report/quality.h"
#include "report/report.h"
#include "service/operations.h"
#include "service/study/report_commands.h"
#include "service/study/study_config.h"
#include "service/study/study_runner.h"
#include "service/study/study_tables.h"
#include "service/study/study_template.h"
#include "store/study_store.h"

namespace edgetran::service {

namespace {

using base::ErrorCategory;
using base::Json;
using base::Result;

// -- study init
// -------------------------------------------------------------------------------------

struct InitRequest {
  std::string out = "study.yaml";
};

Result<Reply> init(Context&, const InitRequest& request) {
  if (std::filesystem::exists(request.out))
    return base::fail(ErrorCategory::kUsage, fmt::format("'{}' is there already", request.out),
                      "give another name with --out");
  EDGETRAN_TRY(base::write_file_atomic(request.out, study_template()));
  Reply reply;
  reply.data = {{"file", request.out}};
  reply.text = fmt::format("{}\nedit it, then: edgetran study run {} --out STUDY\n", request.out,
                           request.out);
  return reply;
}

// -- running
// ----------------------------------------------------------------------------------------

/// What a run prints at its end: the recommended pair.
Result<Reply> outcome_reply(const StudyRunner& runner, const std::string& folder,
                            const base::Status& status) {
  EDGETRAN_ASSIGN(const auto view, runner.view());
  Reply reply = status_reply(view);
  reply.data["folder"] = folder;
  if (!view.deployed.empty()) {
    const auto& deployed = view.deployed.back();
    reply.data["recommended_trial"] = deployed.trial;
    reply.data["recommended_device"] = deployed.device;
    for (const auto& [name, value] : deployed.metrics) reply.data[name] = value;
    reply.data["onnx"] =
        (std::filesystem::path(folder) / deployed.files.value("onnx", std::string())).string();
  }
  if (!status) {
    reply.outcome = status.error().category;
    reply.data["outcome"] = status.error().message;
  }
  return reply;
}

Result<Reply> run_study(Context& context, StudyConfig config, const std::string& folder,
                        bool retry_failed) {
  EDGETRAN_ASSIGN(const auto runner, StudyRunner::open(context, std::move(config), folder));
  if (retry_failed) {
    EDGETRAN_ASSIGN(const int64_t count, runner->retry_failed());
    context.events.emit({"message", {{"text", fmt::format("{} failed trials again", count)}}});
  }
  const auto status = runner->run();
  if (!status && status.error().category != ErrorCategory::kInfeasible)
    return base::fail(status.error());
  if (!status) context.events.emit({"warning", {{"text", status.error().message}}});
  return outcome_reply(*runner, folder, status);
}

struct RunRequest {
  std::string study;
  std::string out;
  int64_t workers = -1;
};

Result<Reply> run(Context& context, const RunRequest& request) {
  EDGETRAN_ASSIGN(auto config, read_study_config(request.study));
  if (request.workers >= 0) config.execution.workers = request.workers;
  return run_study(context, std::move(config), request.out, false);
}

struct RetryRequest {
  std::string study;
  std::string out;
  bool failed = false;
};

Result<Reply> retry(Context& context, const RetryRequest& request) {
  if (!request.failed)
    return base::fail(ErrorCategory::kUsage, "'study retry' needs --failed",
                      "it says which trials are run again");
  EDGETRAN_ASSIGN(auto config, read_study_config(request.study));
  return run_study(context, std::move(config), request.out, true);
}

// -- search run: a study made of flags
// ----------------------------------------------------------------

struct SearchRequest {
  std::string space;
  std::string devices;
  std::string evaluator;
  int64_t evaluations = 12;
  int64_t seed = 1;
  std::string method = "random";
  std::string out;
};

Result<Reply> search_run(Context& context, const SearchRequest& request) {
  constexpr std::string_view kTrain = "train:";
  if (!request.evaluator.starts_with(kTrain))
    return base::fail(
        ErrorCategory::kUsage,
        fmt::format("unknown evaluator '{}'; allowed: train:CONFIG", request.evaluator),
        "CONFIG is a study file; its task and training sections are used");
  EDGETRAN_ASSIGN(auto config, read_study_config(request.evaluator.substr(kTrain.size())));
  EDGETRAN_ASSIGN(config.space, space::read_design_space_file(request.space));
  if (!request.devices.empty()) {
    const auto devices = base::split(request.devices, ',');
    config.devices.assign(devices.begin(), devices.end());
  }
  config.seed = request.seed;
  config.search["method"] = request.method;
  config.search["encoders"] = request.evaluations;
  return run_study(context, std::move(config), request.out, false);
}

// -- reading
// --------------------------------------------------------------------------------------------

struct ReadRequest {
  std::string study;
};

Result<Reply> status(Context&, const ReadRequest& request) {
  EDGETRAN_ASSIGN(const auto view, store::read_study(request.study));
  return status_reply(view);
}

Result<Reply> front(Context&, const ReadRequest& request) {
  EDGETRAN_ASSIGN(const auto view, store::read_study(request.study));
  return pairs_reply(view, true);
}

Result<Reply> export_study(Context&, const ReadRequest& request) {
  EDGETRAN_ASSIGN(const auto view, store::read_study(request.study));
  return pairs_reply(view, false);
}

struct ReportRequest {
  std::string study;
  std::string out;
};

Result<Reply> report(Context&, const ReportRequest& request) {
  EDGETRAN_ASSIGN(const auto view, store::read_study(request.study));
  EDGETRAN_ASSIGN(
      const std::string html,
      report::render_report(view, {.program = fmt::format("edgetran {}", base::kVersion),
                                   .commands = report_commands(view, request.study)}));
  const std::string out = request.out.empty()
                              ? (std::filesystem::path(request.study) / "report.html").string()
                              : request.out;
  EDGETRAN_TRY(base::write_file_atomic(out, html));
  Reply reply;
  reply.data = {{"file", out}, {"bytes", html.size()}};
  reply.text = fmt::format("report: {}\n", out);
  if (const std::string note = report::subset_note(view); !note.empty()) {
    reply.data["note"] = note;
    reply.text = fmt::format("note: {}\n", note) + reply.text;
  }
  return reply;
}

}  // namespace

std::vector<Operation> study_operations() {
  base::Settings<InitRequest> init_settings;
  init_settings.string("out", &InitRequest::out, "Study file to write");

  base::Settings<RunRequest> run_settings;
  run_settings.string("study", &RunRequest::study, "Study file (YAML)")
      .string("out", &RunRequest::out, "Study folder; one that was begun is continued")
      .integer("workers", &RunRequest::workers, -1, 1024, "",
               "Trials trained side by side; 0: one a core, -1: as the file says");

  base::Settings<RetryRequest> retry_settings;
  retry_settings.string("study", &RetryRequest::study, "Study file (YAML)")
      .string("out", &RetryRequest::out, "Study folder")
      .boolean("failed", &RetryRequest::failed, "Trials that failed");

  base::Settings<SearchRequest> search_settings;
  search_settings.string("space", &SearchRequest::space, "Space file")
      .string("devices", &SearchRequest::devices,
              "Card files or this-machine, separated by commas; empty: those of CONFIG")
      .string("evaluator", &SearchRequest::evaluator, "train:CONFIG, a study file")
      .integer("evaluations", &SearchRequest::evaluations, 1, 1'000'000, "", "Encoders to try")
      .integer("seed", &SearchRequest::seed, 0, INT64_MAX, "", "Seed of everything random")
      .string("method", &SearchRequest::method, "Search method")
      .string("out", &SearchRequest::out, "Study folder; one that was begun is continued");

  base::Settings<ReadRequest> read_settings;
  read_settings.string("study", &ReadRequest::study, "Study folder");

  base::Settings<ReportRequest> report_settings;
  report_settings.string("study", &ReportRequest::study, "Study folder")
      .string("out", &ReportRequest::out, "HTML file; empty: report.html in the study folder");

  return {operation("search run", "Search over (encoder, device) pairs", search_settings, {},
                    {"space", "evaluator", "out"}, search_run),
          operation("search status", "How far a search is", read_settings, {"study"}, {}, status),
          operation("search front", "The pairs that no other pair dominates", read_settings,
                    {"study"}, {}, front),
          operation("study init", "Write a commented study file to start from", init_settings, {},
                    {}, init),
          operation("study run", "Run or continue a study", run_settings, {"study"}, {"out"}, run),
          operation("study status", "How far a study is", read_settings, {"study"}, {}, status),
          operation("study retry", "Run failed trials again", retry_settings, {"study"}, {"out"},
                    retry),
          operation("study export", "Every pair of a study as a table", read_settings, {"study"},
                    {}, export_study),
          operation("report", "Write the report of a study as one HTML file", report_settings,
                    {"study"}, {}, report)};
}

}  // namespace edgetran::service
