#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/files.h"
#include "data/prepare.h"

namespace edgetran::data {
namespace {

std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  return line;
}

}  // namespace

base::Status write_tsv(const DataSource& source, const std::filesystem::path& folder) {
  EDGETRAN_TRY(base::make_folder(folder));
  // Labels get their names when all is read, so rows wait; a row costs its text and 16 bytes.
  struct Row {
    std::string texts;
    int32_t label;
    float score;
  };
  const std::vector<std::string> splits = source.splits();
  std::vector<std::vector<Row>> rows(splits.size());
  const auto names = source.read([&](size_t split, const SourceRow& row) -> base::Status {
    std::string texts = one_line(row.first);
    if (source.pairs()) texts += '\t' + one_line(row.second);
    rows[split].push_back({std::move(texts), row.label, row.score});
    return {};
  });
  if (!names) return base::fail(names.error());
  for (size_t split = 0; split < splits.size(); ++split) {
    std::string file;
    for (const Row& row : rows[split]) {
      file += row.texts;
      if (source.kind() == Kind::kClassification)
        file += '\t' + one_line((*names)[static_cast<size_t>(row.label)]);
      if (source.kind() == Kind::kRegression) file += fmt::format("\t{}", row.score);
      file += '\n';
    }
    EDGETRAN_TRY(base::write_file_atomic(folder / (splits[split] + ".tsv"), file));
  }
  return {};
}

}  // namespace edgetran::data
