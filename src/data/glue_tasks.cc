#include "data/glue_tasks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/config.h"
#include "base/text.h"

namespace edgetran::data {
namespace {

std::vector<GlueTask> make_tasks() {
  constexpr Kind kClasses = Kind::kClassification;
  const std::vector<std::string> yes_no = {"0", "1"};
  const std::vector<std::string> entailment = {"entailment", "not_entailment"};
  std::vector<GlueTask> tasks = {
      {"CoLA", {"sentence"}, "label", kClasses, yes_no, {"matthews"}},
      {"SST-2", {"sentence"}, "label", kClasses, yes_no, {"accuracy"}},
      {"MRPC", {"#1 String", "#2 String"}, "Quality", kClasses, yes_no, {"accuracy", "f1"}},
      {"STS-B",
       {"sentence1", "sentence2"},
       "score",
       Kind::kRegression,
       {},
       {"pearson", "spearman"}},
      {"QQP", {"question1", "question2"}, "is_duplicate", kClasses, yes_no, {"accuracy", "f1"}},
      {"MNLI",
       {"sentence1", "sentence2"},
       "gold_label",
       kClasses,
       {"entailment", "neutral", "contradiction"},
       {"accuracy", "accuracy_mismatched"}},
      {"QNLI", {"question", "sentence"}, "label", kClasses, entailment, {"accuracy"}},
      {"RTE", {"sentence1", "sentence2"}, "label", kClasses, entailment, {"accuracy"}},
      {"WNLI", {"sentence1", "sentence2"}, "label", kClasses, yes_no, {"accuracy"}}};
  for (GlueTask& task : tasks) {
    if (task.name == "CoLA") task.numbers = {"4", "2"};  // source, label, notation, sentence
    if (task.name == "MNLI") task.dev_files = {"dev_matched", "dev_mismatched"};
    if (task.name == "STS-B") task.low = 0, task.high = 5;
    // Two rows of the official train.tsv ask nothing as their second question, and some are cut in
    // two by a line end.
    if (task.name == "QQP") task.empty_texts = task.short_rows = true;
  }
  return tasks;
}

// "SST-2" and "sst2" are one name.
std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char c : name)
    if (c != '-' && c != '_')
      plain.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c);
  return plain;
}

}  // namespace

const std::vector<GlueTask>& glue_tasks() {
  static const std::vector<GlueTask> kTasks = make_tasks();
  return kTasks;
}

base::Result<const GlueTask*> find_glue_task(std::string_view name) {
  std::vector<std::string> names;
  for (const GlueTask& task : glue_tasks()) {
    if (plain_name(task.name) == plain_name(name)) return &task;
    names.push_back(task.name);
  }
  const auto near = base::nearest_name(name, names);
  return base::fail(base::ErrorCategory::kUsage,
                    fmt::format("{} is no GLUE task; there are: {}", base::in_quotes(name),
                                fmt::join(names, ", ")),
                    near ? fmt::format("did you mean '{}'?", *near) : "");
}

}  // namespace edgetran::data
