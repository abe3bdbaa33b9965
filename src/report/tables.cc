#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/units.h"
#include "report/escape.h"
#include "report/evaluations.h"
#include "report/facts.h"
#include "report/quality.h"
#include "report/report.h"

namespace edgetran::report {

namespace {

/// Shortest text that reads back to the same number; empty where not known.
std::string exact(std::optional<double> value) {
  return value ? fmt::format("{}", *value) : std::string();
}

std::string quality_text(std::optional<double> value, const Quality& quality) {
  return value ? quality.text(*value) : "—";
}

std::string seconds_text(std::optional<double> value) {
  return value ? base::format_seconds(*value) : "—";
}

std::string latency_text(const Figure& latency) {
  if (!latency.low || !latency.high) return seconds_text(latency.value);
  return fmt::format("{} ({} to {})", seconds_text(latency.value), seconds_text(latency.low),
                     seconds_text(latency.high));
}

std::string csv_line(const store::StudyView& study, const Evaluation& one, bool recommended,
                     const std::string& subsets) {
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
                                           escape_csv(trial.spec_hash),
                                           escape_csv(subsets)};
  return fmt::format("{}\r\n", fmt::join(fields, ","));
}

struct Row {
  const store::StudyView& study;
  const Evaluation& one;
  const Quality& quality;
};

std::string markdown_line(const Row& row) {
  const store::TrialView& trial = row.study.trials[row.one.trial];
  return fmt::format("| {} | {} | {} | {} | {} | {} |\n", trial.trial,
                     escape_markdown(row.study.devices[row.one.device].name),
                     quality_text(row.one.quality.value, row.quality),
                     latency_text(row.one.latency_s), base::format_count(trial.parameters),
                     row.one.kind);
}

std::string front_section(const store::StudyView& study, const std::vector<Evaluation>& all,
                          const Quality& quality) {
  std::string text = fmt::format(
      "## Front\n\n| encoder | deployment | {} | latency | parameters | figure |\n"
      "|---:|---|---:|---:|---:|---|\n",
      escape_markdown(quality.title));
  for (const Evaluation& one : all)
    if (one.front) text += markdown_line({study, one, quality});
  return text + "\n";
}

std::string recommended_section(const store::StudyView& study, const std::vector<Evaluation>& all,
                                const Quality& quality) {
  const auto index = recommended_of(study, all);
  if (!index) return "No pair is recommended.\n\n";
  const Evaluation& pair = all[*index];
  const store::TrialView& trial = study.trials[pair.trial];
  return fmt::format(
      "Recommended: **encoder {} on {}**, {} {}, latency {} ({}), {} parameters.\n\n", trial.trial,
      escape_markdown(study.devices[pair.device].name), escape_markdown(quality.title),
      quality_text(pair.quality.value, quality), latency_text(pair.latency_s), pair.kind,
      base::format_count(trial.parameters));
}

std::string baselines_section(const store::StudyView& study, const Quality& quality) {
  if (study.baselines.empty()) return {};
  std::string text = fmt::format("## On the same {}\n\n| method | {} |\n|---|---:|\n",
                                 scored_rows(study), escape_markdown(quality.title));
  for (const store::BaselineView& one : study.baselines) {
    const auto found = one.metrics.find(quality.name);
    const auto value = found == one.metrics.end() ? std::nullopt : std::optional(found->second);
    text += fmt::format("| {} | {} |\n", escape_markdown(one.name), quality_text(value, quality));
  }
  return text + "\n";
}

}  // namespace

std::string render_csv(const store::StudyView& study) {
  const Quality quality = study_quality(study);
  const std::vector<Evaluation> evaluations = evaluations_of(study);
  const auto recommended = recommended_of(study, evaluations);
  std::string text = fmt::format(
      "trial,device,kind,state,{0},{0}_low,{0}_high,latency_s,latency_low_s,latency_high_s,energy_"
      "j,"
      "peak_power_w,memory_bytes,parameters,flops,tokens,front,recommended,spec_hash,subsets"
      "\r\n",
      escape_csv(quality.name));
  const std::string subsets = fmt::format("{}", fmt::join(study_subsets(study), " "));
  for (size_t i = 0; i < evaluations.size(); ++i)
    text += csv_line(study, evaluations[i], recommended == i, subsets);
  return text;
}

std::string render_markdown(const store::StudyView& study) {
  const Quality quality = study_quality(study);
  const std::vector<Evaluation> evaluations = evaluations_of(study);
  std::string text = fmt::format("# {}\n\n", escape_markdown(study.name));
  text += recommended_section(study, evaluations, quality);
  if (const std::string note = subset_note(study); !note.empty())
    text += fmt::format("**Subset:** {}.\n\n", escape_markdown(note));
  text += baselines_section(study, quality);
  text += front_section(study, evaluations, quality);
  const std::vector<Fact> problems = study_problems(study);
  if (!problems.empty()) text += "## Problems\n\n";
  for (const auto& [what, reason] : problems)
    text += fmt::format("- {} {}\n", escape_markdown(what), escape_markdown(reason));
  return text;
}

}  // namespace edgetran::report
