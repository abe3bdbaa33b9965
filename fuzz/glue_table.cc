// A GLUE file of any bytes, read as each task reads it: with or without a header line, short rows
// skipped where the task has such.

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "data/glue_tasks.h"
#include "data/table_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edgetran;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const data::GlueTask& task : data::glue_tasks()) {
    std::vector<std::string> columns = task.text_columns;
    columns.push_back(task.label_column);
    const bool header = task.numbers.empty() ||
                        data::TableReader::names_columns(text, data::TableFormat::kTsv, columns);
    if (!header) columns = task.numbers;
    const auto reader = data::TableReader::parse(text, "fuzz", data::TableFormat::kTsv, columns,
                                                 header, task.short_rows);
    if (!reader) continue;
    data::TableRecord record;
    int64_t row = 0;
    while (true) {
      const auto found = (*reader)->next(record);
      if (!found || !*found) break;
      EDGETRAN_CHECK(record.values.size() == columns.size(), "a record has the asked columns");
      EDGETRAN_CHECK(record.row > row, "rows are counted through");
      row = record.row;
    }
  }
  return 0;
}
