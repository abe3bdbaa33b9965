#include "data/table_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/config.h"
#include "base/delimited.h"
#include "base/json.h"
#include "base/text.h"
#include "data/input_text.h"

namespace edgetran::data {
namespace {

using base::ErrorCategory;
using base::fail;
using base::Json;
using base::Result;
using base::Status;

constexpr size_t kJsonLineLimitBytes = size_t{1} << 22;

base::Error no_such_column(std::string_view name, const std::string& column,
                           const std::vector<std::string>& known) {
  constexpr size_t kShown = 20;
  const std::vector<std::string> shown(
      known.begin(), known.begin() + static_cast<ptrdiff_t>(std::min(known.size(), kShown)));
  const auto near = base::nearest_name(column, known);
  return {ErrorCategory::kUsage,
          fmt::format("{}: there is no column {}; there are: {}{}", name, base::in_quotes(column),
                      fmt::join(shown, ", "), known.size() > kShown ? ", ..." : ""),
          near ? fmt::format("did you mean '{}'?", *near) : "name a column of the file"};
}

class DelimitedTable final : public TableReader {
 public:
  DelimitedTable(std::string_view text, std::string name, char delimiter, bool quotes,
                 bool short_rows)
      : TableReader(std::move(name)), text_(text, delimiter, quotes), short_rows_(short_rows) {}

  Status start(const std::vector<std::string>& columns, bool header) {
    if (header) {
      EDGETRAN_ASSIGN(const bool found, next_fields());
      if (!found) return fail(ErrorCategory::kUsage, fmt::format("{}: the file is empty", name()));
      width_ = fields_.size();
      return find_by_name(columns);
    }
    for (const std::string& column : columns) {
      size_t number = 0;
      const char* end = column.data() + column.size();
      const auto [stop, problem] = std::from_chars(column.data(), end, number);
      if (problem != std::errc() || stop != end || number == 0 || number > kMostColumns)
        return fail(ErrorCategory::kUsage,
                    fmt::format("{}: {} is no column number; without a header line columns are "
                                "named by their number from 1",
                                name(), base::in_quotes(column)));
      indices_.push_back(number - 1);
    }
    return {};
  }

  Result<bool> next(TableRecord& record) override {
    do {
      EDGETRAN_ASSIGN(const bool found, next_fields());
      if (!found) return at_end();
      record.row = ++row_;
      record.line = text_.line();
      if (width_ == 0) width_ = fields_.size();
    } while (skips());
    if (fields_.size() != width_)
      return fail(error(record, fmt::format("{} columns instead of {}", fields_.size(), width_),
                        "give every row the same columns, and quote fields that hold the "
                        "separator (CSV)"));
    record.values.resize(indices_.size());
    for (size_t i = 0; i < indices_.size(); ++i) {
      if (indices_[i] >= width_)
        return fail(error(
            record, fmt::format("there is no column {}; the row has {}", indices_[i] + 1, width_)));
      record.values[i] = fields_[indices_[i]];
    }
    return true;
  }

 private:
  static constexpr size_t kMostColumns = 10'000;
  static constexpr int64_t kRowsAShortOne = 1000;

  bool skips() {
    if (!short_rows_ || fields_.size() >= width_) return false;
    ++skipped_;
    return true;
  }
  Result<bool> at_end() const {
    if (skipped_ <= 1 || skipped_ * kRowsAShortOne <= row_) return false;
    return fail(ErrorCategory::kUsage,
                fmt::format("{}: {} of {} rows have fewer than {} columns; at most one in {} may",
                            name(), skipped_, row_, width_, kRowsAShortOne),
                "the file is not the data set that it is taken for, or it is damaged");
  }

  Result<bool> next_fields() {
    auto found = text_.next(fields_);
    if (!found) return fail(found.error().within(fmt::format("{}: line {}", name(), text_.line())));
    return found;
  }
  Status find_by_name(const std::vector<std::string>& columns) {
    for (const std::string& column : columns) {
      const auto found = std::find(fields_.begin(), fields_.end(), column);
      if (found == fields_.end()) return fail(no_such_column(name(), column, fields_));
      if (std::find(found + 1, fields_.end(), column) != fields_.end())
        return fail(ErrorCategory::kUsage, fmt::format("{}: the header names column {} twice",
                                                       name(), base::in_quotes(column)));
      indices_.push_back(static_cast<size_t>(found - fields_.begin()));
    }
    return {};
  }

  base::DelimitedText text_;
  std::vector<std::string> fields_;
  std::vector<size_t> indices_;
  size_t width_ = 0;  // 0: not known before the first row
  int64_t row_ = 0;
  bool short_rows_;
  int64_t skipped_ = 0;
};

class JsonTable final : public TableReader {
 public:
  JsonTable(std::string_view text, std::string name, std::vector<std::string> columns)
      : TableReader(std::move(name)), text_(text), columns_(std::move(columns)) {}

  Result<bool> next(TableRecord& record) override {
    const auto line = next_line();
    if (!line) return false;
    record.row = ++row_;
    record.line = line_;
    if (line->size() > kJsonLineLimitBytes)
      return fail(error(record, fmt::format("a line of {} bytes; at most {} are read", line->size(),
                                            kJsonLineLimitBytes)));
    const auto parsed = base::parse_json(*line, "line");
    if (!parsed) return fail(error(record, parsed.error().message, parsed.error().hint));
    if (!parsed->is_object())
      return fail(error(record, "the line is not a JSON object", "write {\"column\": value, ...}"));
    record.values.assign(columns_.size(), std::nullopt);
    for (size_t i = 0; i < columns_.size(); ++i) EDGETRAN_TRY(take(record, *parsed, i));
    return true;
  }

 private:
  std::optional<std::string_view> next_line() {
    while (!text_.empty()) {
      const size_t end = std::min(text_.find('\n'), text_.size());
      const std::string_view line = base::trim(text_.substr(0, end));
      text_.remove_prefix(std::min(end + 1, text_.size()));
      ++line_;
      if (!line.empty()) return line;
    }
    return std::nullopt;
  }
  Status take(TableRecord& record, const Json& object, size_t column) {
    const auto found = object.find(columns_[column]);
    if (found == object.end()) {
      // A column that the first row lacks is most likely misspelt; later it is a missing value.
      if (row_ > 1) return {};
      std::vector<std::string> known;
      for (const auto& [key, value] : object.items()) known.push_back(key);
      return fail(no_such_column(name(), columns_[column], known));
    }
    if (found->is_null()) return {};
    if (found->is_structured())
      return fail(error(
          record, fmt::format("{} is neither text nor number", base::in_quotes(columns_[column]))));
    record.values[column] =
        found->is_string() ? found->get<std::string>() : base::dump_json(*found);
    return {};
  }

  std::string_view text_;
  std::vector<std::string> columns_;
  int64_t row_ = 0;
  int64_t line_ = 0;
};

}  // namespace

Result<TableFormat> table_format(const std::filesystem::path& file) {
  std::string extension = without_xz(file).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  if (extension == ".csv") return TableFormat::kCsv;
  if (extension == ".tsv") return TableFormat::kTsv;
  if (extension == ".jsonl" || extension == ".ndjson") return TableFormat::kJsonl;
  return fail(ErrorCategory::kUsage,
              fmt::format("{}: the extension {} is no table format; known are .csv, .tsv, .jsonl "
                          "and .ndjson",
                          file.string(), base::in_quotes(extension)),
              "rename the file by what it holds");
}

Result<std::unique_ptr<TableReader>> TableReader::parse(std::string_view text, std::string name,
                                                        TableFormat format,
                                                        std::vector<std::string> columns,
                                                        bool header, bool short_rows) {
  if (const auto bad = base::first_invalid_utf8(text)) {
    const auto line =
        1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(*bad), '\n');
    return fail(ErrorCategory::kUsage,
                fmt::format("{}: invalid UTF-8 at byte {} (line {}): 0x{:02X}", name, *bad, line,
                            static_cast<uint8_t>(text[*bad])),
                "save the file as UTF-8");
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (base::trim(text).empty())
    return fail(ErrorCategory::kUsage, fmt::format("{}: the file is empty", name),
                "give a table with at least one row");
  if (format == TableFormat::kJsonl)
    return std::make_unique<JsonTable>(text, std::move(name), std::move(columns));
  const bool csv = format == TableFormat::kCsv;
  auto table =
      std::make_unique<DelimitedTable>(text, std::move(name), csv ? ',' : '\t', csv, short_rows);
  EDGETRAN_TRY(table->start(columns, header));
  return table;
}

bool TableReader::names_columns(std::string_view text, TableFormat format,
                                const std::vector<std::string>& columns) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const bool csv = format == TableFormat::kCsv;
  base::DelimitedText lines(text, csv ? ',' : '\t', csv);
  std::vector<std::string> fields;
  if (const auto found = lines.next(fields); !found || !*found) return false;
  return std::all_of(columns.begin(), columns.end(), [&](const std::string& column) {
    return std::find(fields.begin(), fields.end(), column) != fields.end();
  });
}

base::Error TableReader::error(const TableRecord& record, std::string_view message,
                               std::string_view hint) const {
  return {ErrorCategory::kUsage,
          fmt::format("{}: row {} (line {}): {}", name_, record.row, record.line, message),
          std::string(hint)};
}

}  // namespace edgetran::data
