#include <fmt/format.h>

#include "base/units.h"
#include "report/escape.h"
#include "report/evaluations.h"
#include "report/facts.h"
#include "report/report.h"

namespace edgetran::report {

namespace {

/// Shortest text that reads back to the same number; empty where not known.
std::string exact(std::optional<double> value) {
  return value ? fmt::format("{}", *value) : std::string();
}

std::string quality_text(std::optional<double> value, bool share) {
  if (!value) return "—";
  return share ? base::format_percent(*value) : fmt::format("{:.3g}", *value);
}

std::string seconds_text(std::optional<double> value) {
  return value ? base::format_seconds(*value) : "—";
}

std::string latency_text(const Figure& latency) {
  if (!latency.low || !latency.high) return seconds_text(latency.value);
  return fmt::format("{} ({} to {})", seconds_text(latency.value), seconds_text(latency.low),
                     seconds_text(latency.high));
}

std::string csv_line(const store::StudyView& study, const Evaluation& one, bool recommended) {
  const store::TrialView& trial = study.trials[one.trial];
  const store::RungView* rung = store::last_rung(trial);
  const std::vector<std::string> fields = {std::to_string(trial.trial),
                                           escape_csv(study.devices[one.device].name),
                                           one.kind,
                                           trial.state,
                                           exact(one.quality.value),
                                           exact(one.quality.low),
                                           exact(one.quality.high),
                                           exact(one.latency_s.value),
                                           exact(one.latency_s.low),
                                           exact(one.latency_s.high),
                                           exact(one.energy_j),
                                           exact(one.peak_power_w),
                                           exact(one.memory_bytes),
                                           std::to_string(trial.parameters),
                                           std::to_string(trial.flops),
                                           rung == nullptr ? "" : std::to_string(rung->tokens),
                                           one.front ? "yes" : "no",
                                           recommended ? "yes" : "no",
                                           escape_csv(trial.spec_hash)};
  return fmt::format("{}\r\n", fmt::join(fields, ","));
}

struct Row {
  const store::StudyView& study;
  const Evaluation& one;
  bool share;
};

std::string markdown_line(const Row& row) {
  const store::TrialView& trial = row.study.trials[row.one.trial];
  return fmt::format("| {} | {} | {} | {} | {} | {} |\n", trial.trial,
                     escape_markdown(row.study.devices[row.one.device].name),
                     quality_text(row.one.quality.value, row.share),
                     latency_text(row.one.latency_s), base::format_count(trial.parameters),
                     row.one.kind);
}

std::string front_section(const store::StudyView& study, const std::vector<Evaluation>& all,
                          const std::string& quality) {
  std::string text = fmt::format(
      "## Front\n\n| encoder | deployment | {} | latency | parameters | figure |\n"
      "|---:|---|---:|---:|---:|---|\n",
      escape_markdown(quality));
  for (const Evaluation& one : all)
    if (one.front) text += markdown_line({study, one, is_share(quality)});
  return text + "\n";
}

std::string recommended_section(const store::StudyView& study, const std::vector<Evaluation>& all,
                                const std::string& quality) {
  const auto index = recommended_of(study, all);
  if (!index) return "No pair is recommended.\n\n";
  const Evaluation& pair = all[*index];
  const store::TrialView& trial = study.trials[pair.trial];
  return fmt::format(
      "Recommended: **encoder {} on {}**, {} {}, latency {} ({}), {} parameters.\n\n", trial.trial,
      escape_markdown(study.devices[pair.device].name), escape_markdown(quality),
      quality_text(pair.quality.value, is_share(quality)), latency_text(pair.latency_s), pair.kind,
      base::format_count(trial.parameters));
}

std::string baselines_section(const store::StudyView& study, const std::string& quality) {
  if (study.baselines.empty()) return {};
  std::string text =
      fmt::format("## On the same rows\n\n| method | {} |\n|---|---:|\n", escape_markdown(quality));
  for (const store::BaselineView& one : study.baselines) {
    const auto found = one.metrics.find(quality);
    const auto value = found == one.metrics.end() ? std::nullopt : std::optional(found->second);
    text += fmt::format("| {} | {} |\n", escape_markdown(one.name),
                        quality_text(value, is_share(quality)));
  }
  return text + "\n";
}

}  // namespace

std::string render_csv(const store::StudyView& study) {
  const std::string quality = quality_name(study);
  const std::vector<Evaluation> evaluations = evaluations_of(study);
  const auto recommended = recommended_of(study, evaluations);
  std::string text = fmt::format(
      "trial,device,kind,state,{0},{0}_low,{0}_high,latency_s,latency_low_s,latency_high_s,energy_"
      "j,"
      "peak_power_w,memory_bytes,parameters,flops,tokens,front,recommended,spec_hash\r\n",
      escape_csv(quality));
  for (size_t i = 0; i < evaluations.size(); ++i)
    text += csv_line(study, evaluations[i], recommended == i);
  return text;
}

std::string render_markdown(const store::StudyView& study) {
  const std::string quality = quality_name(study);
  const std::vector<Evaluation> evaluations = evaluations_of(study);
  std::string text = fmt::format("# {}\n\n", escape_markdown(study.name));
  text += recommended_section(study, evaluations, quality);
  text += baselines_section(study, quality);
  text += front_section(study, evaluations, quality);
  const std::vector<Fact> problems = study_problems(study);
  if (!problems.empty()) text += "## Problems\n\n";
  for (const auto& [what, reason] : problems)
    text += fmt::format("- {} {}\n", escape_markdown(what), escape_markdown(reason));
  return text;
}

}  // namespace edgetran::report
