// Tables of ours, edgetran.measurements/1: a header line, then {"spec", "record"} a line.

#include <fmt/format.h>

#include <cmath>
#include <unordered_map>
#include <utility>

#include "base/hash.h"
#include "device/replay_rows.h"

namespace edgetran::device {

namespace {

using base::Json;
using Pointer = Json::json_pointer;

base::Error damaged(const std::string& where, const std::string& what) {
  return {base::ErrorCategory::kCorrupt, fmt::format("{}: {}", where, what),
          "the table was not written by this program, or was changed since"};
}

const Json* at(const Json& json, const char* pointer) {
  const Pointer path(pointer);
  return json.contains(path) ? &json.at(path) : nullptr;
}

base::Result<std::string> text_at(const Json& record, const char* pointer,
                                  const std::string& where) {
  const Json* value = at(record, pointer);
  if (value == nullptr || !value->is_string()) {
    return base::fail(damaged(where, fmt::format("{} is not a text", pointer)));
  }
  return value->get<std::string>();
}

base::Result<int64_t> count_at(const Json& record, const char* pointer, const std::string& where) {
  const Json* value = at(record, pointer);
  if (value == nullptr || !value->is_number_integer() || value->get<double>() < 1 ||
      value->get<double>() > 1e9) {
    return base::fail(damaged(where, fmt::format("{} is not a whole number from 1", pointer)));
  }
  return value->get<int64_t>();
}

/// A figure that may be absent or null, but not less than `low`.
base::Result<std::optional<double>> figure_at(const Json& record, const char* pointer, double low,
                                              const std::string& where) {
  const Json* value = at(record, pointer);
  if (value == nullptr || value->is_null()) return std::optional<double>();
  if (!value->is_number() || !std::isfinite(value->get<double>()) || value->get<double>() < low) {
    return base::fail(damaged(where, fmt::format("{} is {}; it must be a number, not below {}",
                                                 pointer, base::dump_json(*value), low)));
  }
  return std::optional<double>(value->get<double>());
}

base::Status check_figures(ReplayRow& row, const std::string& where) {
  const Json& record = row.record;
  // Quicker than a clock tick: nothing was run.
  constexpr double kShortest_s = 1e-9;
  EDGETRAN_ASSIGN(const auto median, figure_at(record, "/latency/median_s", kShortest_s, where));
  if (!median) return base::fail(damaged(where, "/latency/median_s is missing"));
  EDGETRAN_ASSIGN(const auto low, figure_at(record, "/latency/low_s", 0, where));
  EDGETRAN_ASSIGN(const auto high, figure_at(record, "/latency/high_s", 0, where));
  if (low.value_or(*median) > *median || high.value_or(*median) < *median) {
    return base::fail(damaged(where, "the median lies outside its interval"));
  }
  EDGETRAN_TRY(figure_at(record, "/energy/gross_j", 0, where).map([](auto) {}));
  EDGETRAN_TRY(figure_at(record, "/power/mean_w", 0, where).map([](auto) {}));
  row.median_s = *median;
  return {};
}

base::Status read_setting(ReplayRow& row, const std::string& where) {
  const Json& record = row.record;
  Deployment& setting = row.setting;
  EDGETRAN_ASSIGN(setting.runtime, text_at(record, "/provenance/runtime", where));
  EDGETRAN_ASSIGN(setting.precision, text_at(record, "/provenance/precision", where));
  EDGETRAN_ASSIGN(setting.threads, count_at(record, "/provenance/threads", where));
  EDGETRAN_ASSIGN(setting.batch, count_at(record, "/provenance/batch", where));
  EDGETRAN_ASSIGN(setting.length, count_at(record, "/provenance/length", where));
  EDGETRAN_ASSIGN(setting.name, text_at(record, "/deployment", where));
  EDGETRAN_ASSIGN(row.device, text_at(record, "/device", where));
  return {};
}

base::Status check_record(const Json& record, const std::string& where) {
  EDGETRAN_ASSIGN(const std::string format, text_at(record, "/format", where));
  if (format != "edgetran.measurement/1" && format != "edgetran.measurement/2") {
    return base::fail(damaged(where, fmt::format("the record has the format \"{}\"", format)));
  }
  EDGETRAN_ASSIGN(const std::string kind, text_at(record, "/kind", where));
  if (kind != "measured" && kind != "modelled" && kind != "replayed") {
    return base::fail(damaged(where, fmt::format("the record has the kind \"{}\"", kind)));
  }
  // What else is taken from it when it is an answer.
  for (const char* group : {"/latency", "/provenance"}) {
    const Json* value = at(record, group);
    if (value == nullptr || !value->is_object()) {
      return base::fail(damaged(where, fmt::format("the record has no {}", group + 1)));
    }
  }
  return text_at(record, "/verdict", where).map([](const auto&) {});
}

base::Result<ReplayRow> read_row(std::string_view line, const std::string& where) {
  auto json = base::parse_json(line, where);
  if (!json) return base::fail(damaged(where, json.error().message));
  if (!json->is_object() || json->size() != 2 || !json->contains("spec") ||
      !json->contains("record") || !json->at("record").is_object()) {
    return base::fail(damaged(where, "a row is {\"spec\", \"record\"}"));
  }
  ReplayRow row;
  row.text = std::string(line);
  auto spec = space::read_model_spec(base::ConfigValue::from_json(json->at("spec"), where));
  if (!spec) return base::fail(damaged(where, spec.error().message));
  row.spec = std::move(*spec);
  row.hash = space::canonical_hash(row.spec);
  row.record = std::move(json->at("record"));
  EDGETRAN_TRY(check_record(row.record, where));
  EDGETRAN_TRY(check_figures(row, where));
  EDGETRAN_TRY(read_setting(row, where));
  row.invalid = row.record.at("verdict") == "INVALID";
  return row;
}

}  // namespace

base::Result<std::vector<ReplayRow>> read_measurement_rows(std::string_view text,
                                                           const std::string& name) {
  std::vector<ReplayRow> rows;
  // Repeats of a measurement are welcome; the same measurement twice is a damaged file.
  std::unordered_map<std::string, std::string> seen;
  int64_t number = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (++number == 1) continue;  // the header, which told the format
    const std::string where = fmt::format("{}:{}", name, number);
    if (end == std::string_view::npos) {
      return base::fail(base::ErrorCategory::kCorrupt,
                        fmt::format("{}: the last line does not end", where),
                        "the table is still being written, or was cut; drop that line");
    }
    EDGETRAN_ASSIGN(ReplayRow row, read_row(line, where));
    row.name = fmt::format("line {}", number);
    const auto [known, fresh] = seen.emplace(base::sha256_hex(line), row.name);
    if (!fresh) {
      return base::fail(base::ErrorCategory::kCorrupt,
                        fmt::format("{}: the same row as {}", where, known->second),
                        "leave one of them out");
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace edgetran::device
