// demo: the whole chain on real text, small
#include <fmt/format.h>

#include "base/files.h"
#include "base/process.h"
#include "base/units.h"
#include "base/version.h"
#include "report/report.h"
#include "service/operations.h"
#include "service/study/report_commands.h"
#include "service/study/study_config.h"
#include "service/study/study_runner.h"

namespace edgetran::service {

namespace {

using base::Json;
using base::Result;

/// The demo is a study like any other; the file is put beside its results. Budgets are chosen so
/// that it takes a few minutes on two cores.
constexpr const char* kDemoStudy =
    R"(# EdgeTran's demo: which encoder on which setting of this machine classifies WordNet's glosses?
format: edgetran.study/1
name: wordnet-glosses
seed: 1

task:
  source: wordnet          # a gloss -> one of 45 lexicographer files
  max_length: 32
  vocabulary_size: 8192
  dev_rows: 2000

space:
  format: edgetran.space/1
  name: demo
  layers: [1, 2, 3]
  width: [64, 128, 192]
  heads: [2, 4]
  head_types: [sa_sdp]
  feed_forward: {depth: [1, 2], sizes: [128, 256, 512]}
  positions: 64

devices: [this-machine]    # its deployments: threads and precision

search: {method: random, encoders: 12, rungs: [150000, 450000, 1800000], keep: 0.34}

training:
  learning_rate: 0.002
  batch: 64
  dropout: 0.1

measurement:
  profile: quick
  length: 32

objectives:
  - {name: accuracy, goal: maximize}
  - {name: latency_s, goal: minimize, unit: s}
)";

struct DemoRequest {
  std::string out = "demo";
  std::string baseline;
};

std::string interval_text(const store::Metrics& metrics) {
  return fmt::format("{}, 95 % interval {} to {}", base::format_seconds(metrics.at("latency_s")),
                     base::format_seconds(metrics.at("latency_low_s")),
                     base::format_seconds(metrics.at("latency_high_s")));
}

/// What a newcomer wants to read: the pair, its figures beside the baselines, and the files.
std::string summary(const store::StudyView& view, const std::filesystem::path& folder) {
  const auto& deployed = view.deployed.back();
  const auto& metrics = deployed.metrics;
  const auto& facts = view.result.at("task");
  const auto& parity = deployed.parity;
  std::string text =
      fmt::format("\nrecommended  trial {} on {}\n", deployed.trial, deployed.device);
  for (const auto& trial : view.trials)
    if (trial.trial == deployed.trial)
      text += fmt::format("encoder      {} layers, {} parameters\n", trial.spec.at("layers").size(),
                          base::format_count(trial.parameters));
  text += fmt::format("accuracy     {} on {} held-out texts\n",
                      base::format_percent(metrics.at("test_accuracy")),
                      base::format_count(facts.at("test_rows").get<int64_t>()));
  for (const auto& baseline : view.baselines)
    text += fmt::format("             {}, on the same texts: {}\n",
                        base::format_percent(baseline.metrics.at("accuracy")), baseline.name);
  text += fmt::format("latency      {}\n", interval_text(metrics));
  text += fmt::format(
      "deployed     {} right on {} rows, {} of the answers as in training, logits within {:.2g}\n",
      base::format_percent(parity.at("deployed_accuracy").get<double>()),
      parity.at("rows").get<int64_t>(), base::format_percent(parity.at("agreement").get<double>()),
      parity.at("max_abs_difference").get<double>());
  text += fmt::format("onnx         {}\n",
                      (folder / deployed.files.at("onnx").get<std::string>()).string());
  return text;
}

Result<Reply> demo(Context& context, const DemoRequest& request) {
  const std::filesystem::path folder = request.out;
  EDGETRAN_TRY(base::make_folder(folder));
  const auto study_file = folder / "study.yaml";
  EDGETRAN_TRY(base::write_file_atomic(study_file, kDemoStudy));
  EDGETRAN_ASSIGN(auto config, read_study_config(study_file));
  config.baseline = request.baseline;
  EDGETRAN_ASSIGN(const auto runner, StudyRunner::open(context, std::move(config), folder));
  EDGETRAN_TRY(runner->run());
  EDGETRAN_ASSIGN(const auto view, runner->view());
  const auto report_file = folder / "report.html";
  EDGETRAN_ASSIGN(
      const std::string html,
      report::render_report(view, {.program = fmt::format("edgetran {}", base::kVersion),
                                   .commands = report_commands(view, folder)}));
  EDGETRAN_TRY(base::write_file_atomic(report_file, html));
  Reply reply;
  reply.data = {{"report", report_file.string()},
                {"study", folder.string()},
                {"metrics", view.deployed.back().metrics},
                {"peak_memory_bytes", base::peak_rss_bytes()}};
  reply.text = summary(view, folder) + fmt::format("report: {}\n", report_file.string());
  return reply;
}

}  // namespace

std::vector<Operation> demo_operations() {
  base::Settings<DemoRequest> settings;
  settings.string("out", &DemoRequest::out, "Study folder; one that was begun is continued")
      .string("baseline", &DemoRequest::baseline,
              "Program to score on the same rows, as PROGRAM TRAIN.tsv TEST.tsv");
  return {operation("demo", "The whole chain on real text, small", settings, {}, {}, demo)};
}

}  // namespace edgetran::service
