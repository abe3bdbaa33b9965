#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "base/numbers.h"
#include "base/text.h"
#include "data/input_text.h"
#include "data/source.h"
#include "data/table_reader.h"

namespace edgetran::data {
namespace {

using base::ErrorCategory;
using base::fail;
using base::Result;
using base::Status;

constexpr size_t kMostClasses = 10'000;

std::optional<double> number(std::string_view text) { return base::parse_double(base::trim(text)); }

// Numbers by value, else by bytes: "2" comes before "10" where all labels are numbers.
std::vector<std::string> in_order(const std::set<std::string>& labels) {
  std::vector<std::string> names(labels.begin(), labels.end());
  const bool numbers = std::all_of(
      names.begin(), names.end(), [](const std::string& name) { return number(name).has_value(); });
  if (numbers)
    std::stable_sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
      return *number(a) < *number(b);
    });
  return names;
}

std::vector<std::string> first_of(std::vector<std::string> names) {
  constexpr size_t kShown = 20;
  if (names.size() <= kShown) return names;
  names.resize(kShown);
  names.emplace_back("...");
  return names;
}

using RecordVisitor = std::function<Status(const TableReader&, const TableRecord&)>;

class TableSource final : public DataSource {
 public:
  explicit TableSource(TableSettings settings) : settings_(std::move(settings)) {}

  Kind kind() const override { return settings_.kind; }
  bool pairs() const override { return settings_.text_columns.size() == 2; }
  std::vector<std::string> splits() const override {
    std::vector<std::string> names;
    names.reserve(settings_.splits.size());
    for (const auto& split : settings_.splits) names.push_back(split.name);
    return names;
  }
  std::vector<std::filesystem::path> files() const override {
    std::vector<std::filesystem::path> files;
    files.reserve(settings_.splits.size());
    for (const auto& split : settings_.splits) files.emplace_back(split.file);
    return files;
  }
  std::vector<std::string> subsets() const override {
    std::vector<std::string> names;
    for (const auto& split : settings_.splits)
      if (is_subset_file(split.file)) names.push_back(split.name);
    return names;
  }
  base::Json settings() const override {
    base::Json formats = base::Json::array();
    for (const auto& split : settings_.splits)
      formats.push_back(without_xz(split.file).extension().string());
    return {{"source", "table"},
            {"formats", formats},
            {"text_columns", settings_.text_columns},
            {"label_column", settings_.label_column},
            {"label_names", settings_.label_names},
            {"header", settings_.header}};
  }

  Result<std::vector<std::string>> read(const RowVisitor& visit) const override {
    std::vector<std::string> names = settings_.label_names;
    if (settings_.kind == Kind::kClassification && names.empty()) {
      EDGETRAN_ASSIGN(names, collect_labels());
    }
    std::map<std::string, int32_t, std::less<>> labels;
    for (const std::string& name : names) labels.emplace(name, static_cast<int32_t>(labels.size()));
    for (size_t split = 0; split < settings_.splits.size(); ++split)
      EDGETRAN_TRY(each_record(split, [&](const TableReader& reader, const TableRecord& record) {
        return visit_record(reader, record, labels, split, visit);
      }));
    return names;
  }

  // Visits the labels of a split as they are written.
  Status each_label(size_t split, const std::function<void(std::string_view)>& visit) const {
    return each_record(split, [&](const TableReader&, const TableRecord& record) -> Status {
      visit(base::trim(*record.values.back()));
      return {};
    });
  }

 private:
  Status each_record(size_t split, const RecordVisitor& visit) const {
    const std::string& file = settings_.splits[split].file;
    EDGETRAN_ASSIGN(const TableFormat format, table_format(file));
    EDGETRAN_ASSIGN(const InputText input, InputText::open(file));
    std::vector<std::string> columns = settings_.text_columns;
    columns.push_back(settings_.label_column);
    bool header = settings_.header;
    if (!settings_.numbers.empty() && !TableReader::names_columns(input.text(), format, columns)) {
      columns = settings_.numbers;
      header = false;
    }
    EDGETRAN_ASSIGN(const auto reader,
                    TableReader::parse(input.text(), file, format, std::move(columns), header,
                                       settings_.short_rows));
    TableRecord record;
    while (true) {
      EDGETRAN_ASSIGN(const bool found, reader->next(record));
      if (!found) break;
      EDGETRAN_TRY(check_present(*reader, record));
      EDGETRAN_TRY(visit(*reader, record));
    }
    if (record.row == 0)
      return fail(ErrorCategory::kUsage, fmt::format("{}: there is no row below the header", file),
                  "give a table with at least one row");
    return {};
  }

  Status check_present(const TableReader& reader, const TableRecord& record) const {
    for (size_t i = 0; i < settings_.text_columns.size(); ++i) {
      const std::string column = base::in_quotes(settings_.text_columns[i]);
      if (!record.values[i])
        return fail(reader.error(record, fmt::format("the text {} is missing", column)));
      if (!settings_.empty_texts && base::trim(*record.values[i]).empty())
        return fail(reader.error(record, fmt::format("the text {} is empty", column),
                                 "take the row out; this task has no empty texts"));
    }
    if (const auto& label = record.values.back(); !label || base::trim(*label).empty())
      return fail(reader.error(
          record,
          fmt::format("the label is missing (column {})", base::in_quotes(settings_.label_column)),
          "give every row a label, or take the row out"));
    return {};
  }

  Result<std::vector<std::string>> collect_labels() const {
    std::set<std::string> labels;
    const std::string& file = settings_.splits.front().file;
    EDGETRAN_TRY(each_record(0, [&](const TableReader&, const TableRecord& record) -> Status {
      labels.emplace(base::trim(*record.values.back()));
      if (labels.size() > kMostClasses)
        return fail(ErrorCategory::kUsage,
                    fmt::format("{}: more than {} classes in column {}", file, kMostClasses,
                                base::in_quotes(settings_.label_column)),
                    "is it a score? then ask for regression");
      return {};
    }));
    if (labels.size() == 1)
      return fail(ErrorCategory::kUsage,
                  fmt::format("{}: every row has the same class, {}", file,
                              base::in_quotes(*labels.begin())),
                  "a classifier needs at least two classes in the training file");
    return in_order(labels);
  }

  Status visit_record(const TableReader& reader, const TableRecord& record,
                      const std::map<std::string, int32_t, std::less<>>& labels, size_t split,
                      const RowVisitor& visit) const {
    const std::string_view label = base::trim(*record.values.back());
    SourceRow row{.first = *record.values[0], .second = {}};
    if (pairs()) row.second = *record.values[1];
    if (settings_.kind == Kind::kRegression) {
      const auto score = number(label);
      if (!score || !std::isfinite(static_cast<float>(*score)))
        return fail(
            reader.error(record, fmt::format("the score {} is no number", base::in_quotes(label))));
      if (*score < settings_.low || *score > settings_.high)
        return fail(reader.error(record, fmt::format("the score {} is outside of {} to {}", *score,
                                                     settings_.low, settings_.high)));
      row.score = static_cast<float>(*score);
    } else {
      const auto found = labels.find(label);
      if (found == labels.end()) return fail(unknown_label(reader, record, label, labels));
      row.label = found->second;
    }
    return visit(split, row);
  }

  static base::Error unknown_label(const TableReader& reader, const TableRecord& record,
                                   std::string_view label,
                                   const std::map<std::string, int32_t, std::less<>>& labels) {
    std::vector<std::string> known;
    known.reserve(labels.size());
    for (const auto& [name, id] : labels) known.push_back(name);
    const auto near = base::nearest_name(label, known);
    return reader.error(record,
                        fmt::format("the label {} is none of the {} known classes",
                                    base::in_quotes(label), known.size()),
                        near ? fmt::format("did you mean '{}'?", *near)
                             : fmt::format("known are: {}", fmt::join(first_of(known), ", ")));
  }

  TableSettings settings_;
};

}  // namespace

Result<Kind> detect_kind(const TableSettings& settings) {
  bool numbers = true;
  bool fraction = false;
  EDGETRAN_TRY(TableSource(settings).each_label(0, [&](std::string_view label) {
    const auto value = number(label);
    numbers = numbers && value.has_value();
    fraction = fraction || (value && *value != std::floor(*value));
  }));
  return numbers && fraction ? Kind::kRegression : Kind::kClassification;
}

std::unique_ptr<DataSource> make_table_source(TableSettings settings) {
  EDGETRAN_CHECK(!settings.splits.empty(), "a table has at least one split");
  EDGETRAN_CHECK(settings.text_columns.size() == 1 || settings.text_columns.size() == 2,
                 "a table has one or two texts");
  EDGETRAN_CHECK(settings.kind != Kind::kText, "a table has labels or scores");
  return std::make_unique<TableSource>(std::move(settings));
}

}  // namespace edgetran::data
