#include "service/study/study_baseline.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <sstream>

#include "base/files.h"
#include "base/process.h"
#include "service/study/study_task.h"

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
Result<Json> read_figures(std::string_view output) {
  while (output.ends_with('\n')) output.remove_suffix(1);
  const auto begin = output.rfind('\n');
  const auto line = begin == std::string_view::npos ? output : output.substr(begin + 1);
  EDGETRAN_ASSIGN(Json figures, base::parse_json(line, "output of the baseline"));
  if (!figures.is_object() || !figures.contains("accuracy") || !figures["accuracy"].is_number())
    return base::fail(ErrorCategory::kFailed, "the baseline printed no object with \"accuracy\"");
  return figures;
}

}  // namespace

Result<Json> run_baseline_program(const std::string& program, const TaskConfig& task, uint64_t seed,
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
  EDGETRAN_ASSIGN(const Json figures, read_figures(output));
  Json metrics = Json::object();
  for (const auto& [key, value] : figures.items())
    if (value.is_number()) metrics[key] = value;
  return Json{{"name", figures.value("name", std::string("baseline"))},
              {"metrics", metrics},
              {"rows", {{"train", rows.train_rows}, {"test", rows.test_rows}}}};
}

}  // namespace edgetran::service
