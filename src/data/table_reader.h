#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace edgetran::data {

/// How a table is written down.
enum class TableFormat {
  kCsv,    ///< RFC 4180: commas, double quotes around fields with commas, quotes or line ends
  kTsv,    ///< tabs, quotes are ordinary characters (as GLUE's files)
  kJsonl,  ///< one JSON object a line
};

/// By the file's extension: .csv, .tsv, .jsonl or .ndjson, with or without .xz; kUsage for others.
base::Result<TableFormat> table_format(const std::filesystem::path& file);

/// The asked-for columns of one row.
struct TableRecord {
  int64_t row = 0;   ///< from 1, without the header line
  int64_t line = 0;  ///< line of the file on which the row starts, from 1
  std::vector<std::optional<std::string>> values;  ///< by asked-for column; nullopt: not there
};

/// Reads a table row by row. Accepts a byte order mark, LF and CRLF; skips blank lines. Limits: a
/// field has at most 1 MiB, a row 10 000 columns. Errors are kUsage with file, row and line.
class TableReader {
 public:
  /// `text` outlives the reader. Columns are found by name in the header line, or, where there is
  /// none, by their number from 1. With `short_rows`, rows with too few columns are skipped; more
  /// than one in a thousand (and more than one at all) are an error at the end. A column that is
  /// not there: the error lists what is and names the nearest. Invalid UTF-8 anywhere: the error
  /// names byte and line. No row at all: an error.
  static base::Result<std::unique_ptr<TableReader>> parse(std::string_view text, std::string name,
                                                          TableFormat format,
                                                          std::vector<std::string> columns,
                                                          bool header = true,
                                                          bool short_rows = false);
  /// Whether the first line of delimited text names all of `columns`.
  static bool names_columns(std::string_view text, TableFormat format,
                            const std::vector<std::string>& columns);
  virtual ~TableReader() = default;
  /// Reads the next row into `record`; false at the end.
  virtual base::Result<bool> next(TableRecord& record) = 0;

  /// An error at a row: "file: row 17 (line 18): message".
  base::Error error(const TableRecord& record, std::string_view message,
                    std::string_view hint = {}) const;

 protected:
  explicit TableReader(std::string name) : name_(std::move(name)) {}
  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

}  // namespace edgetran::data
