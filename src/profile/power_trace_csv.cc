#include "profile/power_trace_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/delimited.h"
#include "base/files.h"
#include "base/numbers.h"
#include "base/text.h"
#include "profile/sensor_json.h"

namespace edgetran::profile {
namespace {

using base::ConfigValue;
using base::ErrorCategory;
using base::fail;

constexpr std::string_view kFormat = "# edgetran.power-trace/1";
constexpr std::string_view kComment = "# ";
constexpr size_t kFields = 4;
constexpr int64_t kHeadLines = 3;

std::string header(SensorKind kind) {
  return fmt::format("before_s,after_s,{},phase",
                     kind == SensorKind::kCounter ? "ticks" : "power_w");
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of("\",\r\n") == std::string_view::npos) return std::string(text);
  std::string field = "\"";
  for (const char c : text) field.append(c == '"' ? 2 : 1, c);
  return field + '"';
}

std::string value_text(SensorKind kind, const PowerSample& sample) {
  if (!sample.valid) return "";
  if (kind == SensorKind::kCounter) return fmt::format("{}", sample.value.ticks);
  return std::isfinite(sample.value.watts) ? base::shortest_decimal(sample.value.watts) : "";
}

/// The next line without its end, taken off `text`.
std::string_view take_line(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

base::Result<PowerSample> read_sample(SensorKind kind, const std::vector<std::string>& fields) {
  const auto wrong = [](const std::string& message) {
    return fail(ErrorCategory::kCorrupt, message);
  };
  if (fields.size() != kFields)
    return wrong(fmt::format("{} fields; {} were expected", fields.size(), kFields));
  const auto before = base::parse_double(fields[0]);
  const auto after = base::parse_double(fields[1]);
  if (!before || !after) return wrong("before_s and after_s must be numbers");
  PowerSample sample{.before_s = *before, .after_s = *after, .value = {}, .valid = false};
  if (fields[2].empty()) return sample;
  sample.valid = true;
  if (kind == SensorKind::kCounter) {
    const auto ticks = parse_sensor_ticks(fields[2]);
    if (!ticks) return wrong("ticks must be a whole number");
    sample.value.ticks = *ticks;
  } else {
    const auto watts = base::parse_double(fields[2]);
    if (!watts) return wrong("power_w must be a number");
    sample.value.watts = *watts;
  }
  return sample;
}

}  // namespace

std::string encode_power_trace(const PowerLog& log) {
  const SensorKind kind = log.trace.info.kind;
  const std::string text = fmt::format("{}\n{}{}\n{}\n", kFormat, kComment,
                                       base::dump_json(sensor_json(log.trace)), header(kind));
  return text + encode_power_rows(log, 0);
}

std::string encode_power_rows(const PowerLog& log, size_t first) {
  const SensorKind kind = log.trace.info.kind;
  std::string text;
  for (size_t i = first; i < log.trace.samples.size(); ++i) {
    const PowerSample& sample = log.trace.samples[i];
    text += fmt::format("{},{},{},{}\n", base::shortest_decimal(sample.before_s),
                        base::shortest_decimal(sample.after_s), value_text(kind, sample),
                        i < log.phases.size() ? csv_field(log.phases[i]) : "");
  }
  return text;
}

base::Result<PowerLog> decode_power_trace(std::string_view text, const std::string& name) {
  const auto wrong = [&](int64_t line, std::string_view message) {
    return fail(ErrorCategory::kCorrupt, fmt::format("{}:{}: {}", name, line, message));
  };
  if (take_line(text) != kFormat)
    return wrong(1, fmt::format("no power trace; {} was expected", base::in_quotes(kFormat)));
  const std::string_view json = take_line(text);
  PowerLog log;
  if (!json.starts_with(kComment)) return wrong(2, "the sensor's description is missing");
  const auto description = ConfigValue::parse_json(json.substr(kComment.size()), name);
  if (!description) return wrong(2, description.error().message);
  if (auto read = read_sensor_json(*description, log.trace); !read)
    return wrong(2, read.error().message);
  const SensorKind kind = log.trace.info.kind;
  if (take_line(text) != header(kind))
    return wrong(3, fmt::format("the columns must be {}", base::in_quotes(header(kind))));
  base::DelimitedText records(text, ',', true);
  std::vector<std::string> fields;
  bool any_phase = false;
  while (true) {
    const auto more = records.next(fields);
    const int64_t line = kHeadLines + records.line();
    if (!more) return wrong(line, more.error().message);
    if (!*more) break;
    const auto sample = read_sample(kind, fields);
    if (!sample) return wrong(line, sample.error().message);
    log.trace.samples.push_back(*sample);
    log.phases.push_back(fields[3]);
    any_phase = any_phase || !fields[3].empty();
  }
  if (!any_phase) log.phases.clear();
  return log;
}

base::Status write_power_log(const std::filesystem::path& path, const PowerLog& log) {
  return base::write_file_atomic(path, encode_power_trace(log));
}

}  // namespace edgetran::profile
