#include "service/study/study_baseline.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "base/files.h"
#include "base/process.h"
#include "base/text.h"
#include "data/token_file.h"
#include "train/metrics.h"

namespace edgetran::service {

namespace {

using base::ErrorCategory;
using base::Json;
using base::Result;

constexpr size_t kMaxOutput = size_t{1} << 20;
constexpr int kPollMs = 200;

/// The child's whole output; kInterrupted on cancel.
Result<std::string> read_output(const base::ChildProcess& child, const base::CancelToken& cancel) {
  std::string output;
  while (output.size() < kMaxOutput) {
    if (cancel.requested()) return base::fail(ErrorCategory::kInterrupted, "interrupted");
    pollfd ready{.fd = child.stdout_descriptor(), .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, kPollMs) <= 0) continue;
    char buffer[4096];
    const ssize_t count = read(ready.fd, buffer, sizeof(buffer));
    if (count <= 0) return output;
    output.append(buffer, static_cast<size_t>(count));
  }
  return base::fail(ErrorCategory::kResource, "the baseline printed more than 1 MiB");
}

/// The figures on the last line of the output that is not empty.
Result<Json> read_figures(std::string_view output, const std::string& metric) {
  while (output.ends_with('\n')) output.remove_suffix(1);
  const auto begin = output.rfind('\n');
  const auto line = begin == std::string_view::npos ? output : output.substr(begin + 1);
  EDGETRAN_ASSIGN(Json figures, base::parse_json(line, "output of the baseline"));
  if (!figures.is_object() || !figures.contains(metric) || !figures[metric].is_number())
    return base::fail(ErrorCategory::kFailed,
                      fmt::format("the baseline printed no number as \"{}\", by which this study "
                                  "compares; it printed {}",
                                  metric, base::in_quotes(line)),
                      "name a baseline for such rows, or leave it out");
  return figures;
}

/// The most frequent label of a token file.
int32_t majority_label(const data::TokenFile& file) {
  std::map<int32_t, int64_t> counts;
  for (int64_t row = 0; row < file.rows(); ++row) ++counts[file.label(row)];
  return std::ranges::max_element(counts, {}, [](const auto& entry) { return entry.second; })
      ->first;
}

Result<Json> majority_metrics(const PreparedTask& task, const data::TokenFile& test) {
  const int32_t majority = majority_label(test);
  std::vector<float> logits(task.labels.size(), 0);
  logits[static_cast<size_t>(majority)] = 1;
  train::ClassificationMetrics metrics(static_cast<int64_t>(logits.size()));
  for (int64_t row = 0; row < test.rows(); ++row) metrics.add(logits, test.label(row));
  Json json = metrics.to_json();
  json.erase("loss");  // of made-up logits
  return json;
}

Result<Json> mean_metrics(const PreparedTask& task, const data::TokenFile& test) {
  EDGETRAN_ASSIGN(const auto train, data::TokenFile::open(task.train));
  double sum = 0;
  for (int64_t row = 0; row < train.rows(); ++row) sum += train.score(row);
  const double mean = sum / static_cast<double>(train.rows());
  train::RegressionMetrics metrics;
  for (int64_t row = 0; row < test.rows(); ++row) metrics.add(mean, test.score(row));
  return metrics.to_json();
}

}  // namespace

Result<Json> constant_baseline(const PreparedTask& task) {
  EDGETRAN_ASSIGN(const auto test, data::TokenFile::open(task.test));
  const bool scores = task.kind == data::Kind::kRegression;
  EDGETRAN_ASSIGN(Json metrics, scores ? mean_metrics(task, test) : majority_metrics(task, test));
  metrics.erase("rows");
  return Json{{"name", scores ? "mean of the training scores" : "majority class"},
              {"metrics", std::move(metrics)},
              {"rows", {{task.scored_on, test.rows()}}}};
}

Result<Json> run_baseline_program(const std::string& program, const TaskConfig& task,
                                  const std::string& metric, uint64_t seed,
                                  const std::filesystem::path& folder,
                                  const base::CancelToken& cancel) {
  EDGETRAN_ASSIGN(const auto rows, write_baseline_rows(task, seed, folder));
  base::ProcessOptions options;
  std::istringstream words(program);
  for (std::string word; words >> word;) options.arguments.push_back(word);
  options.arguments.push_back(rows.train.string());
  options.arguments.push_back(rows.test.string());
  options.pipe_stdin = false;
  options.stderr_file = folder / "baseline.log";
  EDGETRAN_ASSIGN(auto child, base::ChildProcess::spawn(options));
  EDGETRAN_ASSIGN(const std::string output, read_output(child, cancel));
  constexpr double kEndTimeout = 30;
  const auto status = child.wait(kEndTimeout);
  if (!status || !status->success())
    return base::fail(
        ErrorCategory::kFailed,
        fmt::format("'{}' {}", program, status ? status->describe() : std::string("did not end")),
        fmt::format("see {}", options.stderr_file.string()));
  EDGETRAN_ASSIGN(const Json figures, read_figures(output, metric));
  Json metrics = Json::object();
  for (const auto& [key, value] : figures.items())
    if (value.is_number()) metrics[key] = value;
  return Json{{"name", figures.value("name", std::string("baseline"))},
              {"metrics", metrics},
              {"rows", {{"train", rows.train_rows}, {rows.test.stem().string(), rows.test_rows}}}};
}

}  // namespace edgetran::service
