// data prepare | describe
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "base/text.h"
#include "data/prepare.h"
#include "data/token_file.h"
#include "service/operations.h"
#include "service/study/study_config.h"
#include "service/study/study_task.h"
#include "service/training_data.h"

namespace edgetran::service {

namespace {

using base::Json;
using base::Result;

// -- prepare
// ----------------------------------------------------------------------------------------

struct PrepareRequest : TaskConfig {
  int64_t seed = 1;
};

bool is_subset(const Json& origin) { return origin.is_object() && origin.value("subset", false); }

Json token_row(const std::string& split, const std::filesystem::path& path,
               const data::TokenFile& file) {
  return {{"split", split},
          {"kind", data::kind_name(file.info().kind)},
          {"rows", file.rows()},
          {"tokens", file.tokens()},
          {"longest", file.longest_row()},
          {"vocabulary", file.info().vocabulary_size},
          {"labels", file.info().label_names.size()},
          {"subset", is_subset(file.info().origin)},
          {"file", path.string()}};
}

const std::vector<Column>& token_columns() {
  static const std::vector<Column> columns = {
      {"split", "split", Shown::kPlain},     {"kind", "kind", Shown::kPlain},
      {"rows", "rows", Shown::kCount},       {"tokens", "tokens", Shown::kCount},
      {"longest", "longest", Shown::kCount}, {"vocabulary", "vocabulary", Shown::kCount},
      {"labels", "labels", Shown::kCount},   {"subset", "subset", Shown::kPlain},
      {"file", "file", Shown::kPlain}};
  return columns;
}

Result<Reply> prepare(Context& context, const PrepareRequest& request) {
  if (!request.task.empty() && request.data.empty())
    return base::fail(base::ErrorCategory::kUsage,
                      fmt::format("the task {} needs --data", request.task),
                      "name the folder of its files, or the one that holds GLUE's task folders");
  if (request.task.empty() && request.source == "files" &&
      (request.train.empty() || request.dev.empty()))
    return base::fail(base::ErrorCategory::kUsage, "'data prepare --source files' needs rows",
                      "give --train FILE and --dev FILE");
  EDGETRAN_ASSIGN(const auto task, prepare_task(request, static_cast<uint64_t>(request.seed),
                                                context.cache, context.events));
  Reply reply{.data = Json::array(), .columns = token_columns(), .text = {}, .outcome = {}};
  const std::vector<std::pair<std::string, std::filesystem::path>> files = {
      {"train", task.train}, {"dev", task.dev}, {"test", task.test}, {"text", task.text}};
  for (const auto& [split, path] : files) {
    if (split == "test" && path == task.dev) continue;
    EDGETRAN_ASSIGN(const auto file, data::TokenFile::open(path));
    reply.data.push_back(token_row(split, path, file));
  }
  if (const std::string note = subset_note(task.subsets); !note.empty())
    context.events.emit({"message", {{"text", note}}});
  context.events.emit({"message", {{"text", "vocabulary: " + task.vocabulary.string()}}});
  return reply;
}

// -- describe
// ---------------------------------------------------------------------------------------

struct DescribeRequest : LabelledDataFlags {
  std::string file;
};

Result<Reply> describe_tokens(const std::string& path) {
  EDGETRAN_ASSIGN(const auto file, data::TokenFile::open(path));
  Reply reply;
  reply.data = token_row("", path, file);
  reply.data.erase("split");
  if (file.info().kind == data::Kind::kClassification) {
    std::vector<int64_t> counts(file.info().label_names.size(), 0);
    for (int64_t row = 0; row < file.rows(); ++row) ++counts[static_cast<size_t>(file.label(row))];
    reply.data["rows_by_label"] = Json::object();
    for (size_t i = 0; i < counts.size(); ++i)
      reply.data["rows_by_label"][file.info().label_names[i]] = counts[i];
  }
  reply.data["origin"] = file.info().origin;
  return reply;
}

/// What is counted of the rows of a split.
struct SplitCounts {
  int64_t rows = 0;
  int64_t characters = 0;
  int64_t longest = 0;
  std::map<int32_t, int64_t> labels;
  float low = std::numeric_limits<float>::infinity();
  float high = -std::numeric_limits<float>::infinity();

  void add(const data::SourceRow& row) {
    const auto length = static_cast<int64_t>(base::count_code_points(row.first) +
                                             base::count_code_points(row.second));
    ++rows;
    characters += length;
    longest = std::max(longest, length);
    ++labels[row.label];
    low = std::min(low, row.score);
    high = std::max(high, row.score);
  }
};

Json split_row(const data::DataSource& source, size_t split, const SplitCounts& counts,
               const std::vector<std::string>& names) {
  const std::string name = source.splits()[split];
  const auto subsets = source.subsets();
  Json row = {{"split", name},
              {"kind", data::kind_name(source.kind())},
              {"texts", source.pairs() ? 2 : 1},
              {"rows", counts.rows},
              {"characters", counts.characters},
              {"longest", counts.longest},
              {"subset", std::ranges::find(subsets, name) != subsets.end()}};
  // WordNet's splits are drawn from all of its files.
  if (source.files().size() == source.splits().size()) row["file"] = source.files()[split].string();
  if (source.kind() == data::Kind::kRegression && counts.rows > 0) {
    row["lowest_score"] = counts.low;
    row["highest_score"] = counts.high;
  }
  if (source.kind() != data::Kind::kClassification) return row;
  row["labels"] = names.size();
  row["rows_by_label"] = Json::object();
  for (size_t i = 0; i < names.size(); ++i) {
    const auto found = counts.labels.find(static_cast<int32_t>(i));
    row["rows_by_label"][names[i]] = found == counts.labels.end() ? 0 : found->second;
  }
  return row;
}

const std::vector<Column>& split_columns() {
  static const std::vector<Column> columns = {{"split", "split", Shown::kPlain},
                                              {"kind", "kind", Shown::kPlain},
                                              {"texts", "texts", Shown::kCount},
                                              {"rows", "rows", Shown::kCount},
                                              {"labels", "labels", Shown::kCount},
                                              {"rows_by_label", "rows by label", Shown::kPlain},
                                              {"longest", "longest (characters)", Shown::kCount},
                                              {"subset", "subset", Shown::kPlain},
                                              {"file", "file", Shown::kPlain}};
  return columns;
}

Result<Reply> describe(Context& context, const DescribeRequest& request) {
  if (!request.file.empty()) return describe_tokens(request.file);
  if (request.task.empty() && request.dev.empty())
    return base::fail(base::ErrorCategory::kUsage, "nothing to describe",
                      "name a token file, or give --task NAME --data DIR, or --dev FILE");
  EDGETRAN_ASSIGN(const auto source, labelled_source(request, true, nullptr));
  std::vector<SplitCounts> counts(source->splits().size());
  EDGETRAN_ASSIGN(const auto names,
                  source->read([&](size_t split, const data::SourceRow& row) -> base::Status {
                    counts[split].add(row);
                    return {};
                  }));
  Reply reply{.data = Json::array(), .columns = split_columns(), .text = {}, .outcome = {}};
  for (size_t split = 0; split < counts.size(); ++split)
    reply.data.push_back(split_row(*source, split, counts[split], names));
  if (const std::string note = subset_note(source->subsets()); !note.empty())
    context.events.emit({"message", {{"text", note}}});
  return reply;
}

}  // namespace

std::vector<Operation> data_operations() {
  base::Settings<PrepareRequest> prepare_settings;
  prepare_settings.include(task_settings())
      .integer("seed", &PrepareRequest::seed, 0, INT64_MAX, "", "Seed of splits and samples");
  base::Settings<DescribeRequest> describe_settings;
  describe_settings.string("file", &DescribeRequest::file, "Token file")
      .include(labelled_data_settings());
  return {operation("data prepare", "Read rows, make a vocabulary and token files",
                    prepare_settings, {}, {}, prepare),
          operation("data describe", "What a token file, a task or a table holds",
                    describe_settings, {"file"}, {}, describe, 1)};
}

}  // namespace edgetran::service
