// CSV, TSV and JSONL tables: any bytes, read as each format, with and without a header line.

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "data/table_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edgetran;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto format :
       {data::TableFormat::kCsv, data::TableFormat::kTsv, data::TableFormat::kJsonl})
    for (const bool header : {true, false}) {
      const auto columns =
          header ? std::vector<std::string>{"text", "label"} : std::vector<std::string>{"1", "2"};
      const auto reader = data::TableReader::parse(text, "fuzz", format, columns, header);
      if (!reader) continue;
      data::TableRecord record;
      int64_t rows = 0;
      while (true) {
        const auto found = (*reader)->next(record);
        if (!found || !*found) break;
        EDGETRAN_CHECK(record.values.size() == columns.size(), "a record has the asked columns");
        EDGETRAN_CHECK(record.row == ++rows, "rows are counted through");
      }
    }
  return 0;
}
