#include "data/glue_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace edgetran::data {
namespace {

using base::ErrorCategory;
using base::fail;
using base::Result;
namespace fs = std::filesystem;

constexpr const char* kEndings[] = {".tsv", ".tsv.xz", "_subset.tsv", "_subset.tsv.xz"};

// The split's file in `folder`: the whole one before a subset, plain before compressed.
std::optional<fs::path> find_split(const fs::path& folder, const std::string& split) {
  for (const char* ending : kEndings) {
    fs::path file = folder / (split + ending);
    std::error_code ignored;
    if (fs::is_regular_file(file, ignored)) return file;
  }
  return std::nullopt;
}

tl::unexpected<base::Error> nothing_there(const GlueTask& task, const std::string& split,
                                          const fs::path& folder) {
  std::vector<std::string> names;
  for (const char* ending : kEndings) names.push_back(split + ending);
  return fail(ErrorCategory::kNotFound,
              fmt::format("{}: there is no {} data of {}; looked for {} there and in its folder {}",
                          folder.string(), split, task.name, fmt::join(names, ", "), task.name),
              "name the task's folder, or the one that holds the folders of GLUE's tasks");
}

// The folder that holds the task's files: `folder` itself or the task's folder in it.
fs::path task_folder(const GlueTask& task, const fs::path& folder) {
  std::error_code ignored;
  return fs::is_directory(folder / task.name, ignored) ? folder / task.name : folder;
}

// A table with the task's name on it.
class GlueSource final : public DataSource {
 public:
  GlueSource(const GlueTask& task, TableSettings table)
      : task_(task), table_(make_table_source(std::move(table))) {}

  Kind kind() const override { return table_->kind(); }
  bool pairs() const override { return table_->pairs(); }
  std::vector<std::string> splits() const override { return table_->splits(); }
  std::vector<std::string> subsets() const override { return table_->subsets(); }
  std::vector<fs::path> files() const override { return table_->files(); }
  base::Json settings() const override {
    base::Json settings = table_->settings();
    settings["source"] = "glue";
    settings["task"] = task_.name;
    settings["subsets"] = subsets();
    return settings;
  }
  Result<std::vector<std::string>> read(const RowVisitor& visit) const override {
    return table_->read(visit);
  }

 private:
  const GlueTask& task_;
  std::unique_ptr<DataSource> table_;
};

}  // namespace

Result<std::unique_ptr<DataSource>> make_glue_source(const GlueSettings& settings) {
  EDGETRAN_ASSIGN(const GlueTask* task, find_glue_task(settings.task));
  const fs::path folder = task_folder(*task, settings.folder);
  TableSettings table;
  if (settings.train) {
    const auto file = find_split(folder, "train");
    if (!file) return nothing_there(*task, "train", settings.folder);
    table.splits.push_back({"train", file->string()});
  }
  for (size_t i = 0; i < task->dev_files.size(); ++i) {
    const auto file = find_split(folder, task->dev_files[i]);
    if (!file && i == 0) return nothing_there(*task, task->dev_files[i], settings.folder);
    if (file) table.splits.push_back({i == 0 ? "dev" : task->dev_files[i], file->string()});
  }
  table.text_columns = task->text_columns;
  table.label_column = task->label_column;
  table.kind = task->kind;
  table.label_names = task->labels;
  table.numbers = task->numbers;
  table.low = task->low;
  table.high = task->high;
  table.empty_texts = task->empty_texts;
  table.short_rows = task->short_rows;
  return std::make_unique<GlueSource>(*task, std::move(table));
}

}  // namespace edgetran::data
