// glue-average
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/files.h"
#include "base/text.h"
#include "service/glue_average.h"
#include "service/operations.h"

namespace edgetran::service {

namespace {

using base::Json;
using base::Result;

constexpr uint64_t kResultLimitBytes = uint64_t{16} << 20;

struct GlueAverageRequest {
  std::string results;
};

/// The files that are named, or those of a folder that end in .json.
Result<std::vector<std::string>> result_files(const std::string& results) {
  std::vector<std::string> files;
  std::error_code problem;
  if (!std::filesystem::is_directory(results, problem)) {
    for (const auto name : base::split(results, ',')) files.emplace_back(base::trim(name));
    return files;
  }
  for (const auto& entry : std::filesystem::directory_iterator(results, problem))
    if (entry.path().extension() == ".json") files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  if (files.empty())
    return base::fail(base::ErrorCategory::kNotFound,
                      fmt::format("{}: there is no .json file in the folder", results),
                      "keep the output of `edgetran evaluate ... --format json` there");
  return files;
}

std::string percent(const Json& value) {
  return value.is_number() ? fmt::format("{:.2f} %", 100 * value.get<double>()) : "-";
}

std::string words(const Json& names) {
  std::vector<std::string> list;
  for (const Json& name : names) list.push_back(name.get<std::string>());
  return fmt::format("{}", fmt::join(list, ", "));
}

std::string average_text(const Json& average) {
  std::string text;
  for (const Json& row : average.at("tasks")) {
    std::vector<std::string> metrics;
    for (const auto& [key, value] : row.items())
      if (value.is_number() && key != "score")
        metrics.push_back(fmt::format("{} {}", key, percent(value)));
    text += fmt::format(
        "{:<6}{:>9}  {}{}\n", row.at("task").get<std::string>(), percent(row.at("score")),
        fmt::join(metrics, ", "),
        row.at("subsets").empty() ? "" : "  (subset: " + words(row.at("subsets")) + ")");
  }
  text += fmt::format("GLUE average of {} of 9 tasks: {}; without WNLI: {}\n",
                      average.at("tasks").size(), percent(average.at("glue_average")),
                      percent(average.at("glue_average_without_wnli")));
  if (!average.at("missing").empty())
    text += fmt::format("missing: {}\n", words(average.at("missing")));
  if (!average.at("subsets").empty())
    text += fmt::format("on subsets of the data, so not comparable with published figures: {}\n",
                        words(average.at("subsets")));
  return text;
}

Result<Reply> run_average(Context&, const GlueAverageRequest& request) {
  EDGETRAN_ASSIGN(const auto files, result_files(request.results));
  std::vector<Json> results;
  for (const std::string& file : files) {
    EDGETRAN_ASSIGN(const std::string text, base::read_file(file, kResultLimitBytes));
    EDGETRAN_ASSIGN(Json json, base::parse_json(text, file));
    results.push_back(std::move(json));
  }
  Reply reply;
  EDGETRAN_ASSIGN(reply.data, glue_average(results, files));
  reply.text = average_text(reply.data);
  return reply;
}

}  // namespace

std::vector<Operation> glue_operations() {
  base::Settings<GlueAverageRequest> settings;
  settings.string("results", &GlueAverageRequest::results,
                  "Results of finetune or evaluate as JSON files, separated by commas, or a folder "
                  "of them");
  return {operation("glue-average", "Average results over GLUE's tasks; say which are in it",
                    settings, {"results"}, {}, run_average)};
}

}  // namespace edgetran::service
