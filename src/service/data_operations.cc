// data prepare | describe
#include <fmt/format.h>

#include <algorithm>

#include "data/prepare.h"
#include "data/token_file.h"
#include "data/vocabulary.h"
#include "service/operations.h"
#include "service/study/study_config.h"
#include "service/study/study_task.h"

namespace edgetran::service {

namespace {

using base::Json;
using base::Result;

// -- prepare
// ----------------------------------------------------------------------------------------

struct PrepareRequest : TaskConfig {
  int64_t seed = 1;
};

Json token_row(const std::string& split, const std::filesystem::path& path,
               const data::TokenFile& file) {
  return {{"split", split},
          {"kind", data::kind_name(file.info().kind)},
          {"rows", file.rows()},
          {"tokens", file.tokens()},
          {"longest", file.longest_row()},
          {"vocabulary", file.info().vocabulary_size},
          {"labels", file.info().label_names.size()},
          {"file", path.string()}};
}

const std::vector<Column>& token_columns() {
  static const std::vector<Column> columns = {
      {"split", "split", Shown::kPlain},     {"kind", "kind", Shown::kPlain},
      {"rows", "rows", Shown::kCount},       {"tokens", "tokens", Shown::kCount},
      {"longest", "longest", Shown::kCount}, {"vocabulary", "vocabulary", Shown::kCount},
      {"labels", "labels", Shown::kCount},   {"file", "file", Shown::kPlain}};
  return columns;
}

Result<Reply> prepare(Context& context, const PrepareRequest& request) {
  if (request.source == "files" && (request.train.empty() || request.dev.empty()))
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
  context.events.emit({"message", {{"text", "vocabulary: " + task.vocabulary.string()}}});
  return reply;
}

// -- describe
// ---------------------------------------------------------------------------------------

struct DescribeRequest {
  std::string file;
};

Result<Reply> describe(Context&, const DescribeRequest& request) {
  EDGETRAN_ASSIGN(const auto file, data::TokenFile::open(request.file));
  Reply reply;
  reply.data = token_row("", request.file, file);
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

}  // namespace

std::vector<Operation> data_operations() {
  base::Settings<PrepareRequest> prepare_settings;
  prepare_settings.include(task_settings())
      .integer("seed", &PrepareRequest::seed, 0, INT64_MAX, "", "Seed of splits and samples");
  base::Settings<DescribeRequest> describe_settings;
  describe_settings.string("file", &DescribeRequest::file, "Token file");
  return {operation("data prepare", "Read rows, make a vocabulary and token files",
                    prepare_settings, {}, {}, prepare),
          operation("data describe", "What a token file holds", describe_settings, {"file"}, {},
                    describe)};
}

}  // namespace edgetran::service
