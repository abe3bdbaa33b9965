#include "profile/power_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "base/delimited.h"
#include "base/files.h"
#include "base/numbers.h"
#include "base/text.h"
#include "profile/log_time.h"

namespace edgetran::profile {
namespace {

using base::ErrorCategory;
using base::fail;

constexpr uint64_t kLogLimitBytes = uint64_t{1} << 30;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool equal_ignoring_case(std::string_view a, std::string_view lower) {
  return std::equal(a.begin(), a.end(), lower.begin(), lower.end(), [](char x, char y) {
    return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y;
  });
}

/// What a meter writes where it has no value.
bool says_no_value(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  constexpr std::array<std::string_view, 5> kWords = {"", "nan", "inf", "infinity", "overflow"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return equal_ignoring_case(text, word); });
}

class LogParser {
 public:
  LogParser(std::string_view text, const std::string& name, const PowerLogFormat& format)
      : name_(name), format_(format), records_(without_head(text), format.separator, true) {}

  base::Result<PowerLog> parse() && {
    EDGETRAN_TRY(read_header());
    while (true) {
      auto more = records_.next(fields_);
      if (!more) return fail(at_line(more.error().message, more.error().hint));
      if (!*more) break;
      EDGETRAN_TRY(read_row());
    }
    describe();
    return std::move(log_);
  }

 private:
  /// `text` from its line of names; counts what is passed over.
  std::string_view without_head(std::string_view text) {
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = base::trim(text.substr(0, end));
      if (!line.empty() && line.front() != '#') break;
      text.remove_prefix(std::min(end + 1, text.size()));
      ++head_lines_;
    }
    return text;
  }

  base::Error at_line(std::string_view message, std::string_view hint = {}) const {
    return {ErrorCategory::kUsage,
            fmt::format("{}:{}: {}", name_, head_lines_ + records_.line(), message),
            std::string(hint)};
  }

  base::Status read_header() {
    auto found = records_.next(columns_);
    if (!found) return fail(at_line(found.error().message, found.error().hint));
    if (!*found) {
      return fail(ErrorCategory::kUsage, name_ + " has no line with the names of its columns",
                  "the first line that is no comment must name the columns");
    }
    for (std::string& column : columns_) column = base::trim(column);
    EDGETRAN_ASSIGN(time_, index_of(format_.time));
    if (!format_.power.empty()) {
      EDGETRAN_ASSIGN(const size_t power, index_of(format_.power));
      factors_ = {power};
    } else {
      EDGETRAN_ASSIGN(const size_t volt, index_of(format_.volt));
      EDGETRAN_ASSIGN(const size_t ampere, index_of(format_.ampere));
      factors_ = {volt, ampere};
    }
    if (format_.phase.empty()) return {};
    EDGETRAN_ASSIGN(phase_, index_of(format_.phase));
    return {};
  }

  base::Result<size_t> index_of(const std::string& column) const {
    const auto found = std::find(columns_.begin(), columns_.end(), column);
    if (found == columns_.end()) {
      const auto near = base::nearest_name(column, columns_);
      return fail(at_line(fmt::format("there is no column {}; the columns are {}",
                                      base::in_quotes(column), quoted_columns()),
                          near ? fmt::format("did you mean {}?", base::in_quotes(*near)) : ""));
    }
    if (std::find(found + 1, columns_.end(), column) != columns_.end())
      return fail(at_line(fmt::format("two columns are named {}", base::in_quotes(column))));
    return static_cast<size_t>(found - columns_.begin());
  }

  std::string quoted_columns() const {
    std::vector<std::string> names(columns_.size());
    std::transform(columns_.begin(), columns_.end(), names.begin(),
                   [](const std::string& column) { return base::in_quotes(column); });
    return base::join_words(names);
  }

  base::Status read_row() {
    if (fields_.size() != columns_.size()) {
      return fail(at_line(fmt::format("the row has {} fields; there are {} columns", fields_.size(),
                                      columns_.size())));
    }
    PowerSample sample;
    EDGETRAN_ASSIGN(sample.before_s, time_of(base::trim(fields_[time_])));
    sample.after_s = sample.before_s;
    std::vector<PowerSample>& samples = log_.trace.samples;
    if (!samples.empty() && sample.before_s < samples.back().after_s) {
      return fail(at_line(
          fmt::format("time goes backwards by {:.6g} s", samples.back().after_s - sample.before_s),
          "was the meter's clock set, or are two logs in one file?"));
    }
    EDGETRAN_TRY(read_value(sample));
    samples.push_back(sample);
    if (phase_) log_.phases.push_back(fields_[*phase_]);
    return {};
  }

  base::Result<double> time_of(std::string_view text) const {
    const bool iso = format_.time_unit == LogTimeUnit::kIso;
    const auto value = iso ? parse_iso_time(text) : base::parse_double(text);
    const double scale = format_.time_unit == LogTimeUnit::kMilliseconds ? 1e-3 : 1;
    const double time_s = value.value_or(0) * scale + format_.offset_s;
    if (!value || !std::isfinite(time_s)) {
      return fail(at_line(fmt::format("column {} says {}; {} was expected",
                                      base::in_quotes(format_.time), base::in_quotes(text),
                                      iso ? "a time such as 2026-01-31T12:00:00.25Z" : "a number"),
                          iso ? "" : "for dates set time_unit: iso"));
    }
    return time_s;
  }

  base::Status read_value(PowerSample& sample) const {
    double watts = format_.unit_w;
    for (const size_t factor : factors_) {
      const std::string_view text = base::trim(fields_[factor]);
      if (says_no_value(text)) {
        sample.valid = false;
        continue;
      }
      const auto value = base::parse_double(text);
      if (!value) {
        return fail(at_line(fmt::format("column {} says {}; a number was expected",
                                        base::in_quotes(columns_[factor]), base::in_quotes(text))));
      }
      watts *= *value;
    }
    if (!std::isfinite(watts)) sample.valid = false;
    if (sample.valid) sample.value.watts = watts;
    return {};
  }

  void describe() {
    SensorInfo& info = log_.trace.info;
    info.driver = "csv";
    info.channel = std::filesystem::path(name_).stem().string();
    info.domain = format_.power.empty() ? format_.volt + " x " + format_.ampere : format_.power;
    info.source = name_;
    info.kind = SensorKind::kGauge;
    info.boundary = format_.boundary;
  }

  const std::string& name_;
  const PowerLogFormat& format_;
  int64_t head_lines_ = 0;
  base::DelimitedText records_;  // after head_lines_, which its making counts
  std::vector<std::string> columns_, fields_;
  size_t time_ = 0;
  std::vector<size_t> factors_;
  std::optional<size_t> phase_;
  PowerLog log_;
};

}  // namespace

base::Result<PowerLog> parse_power_log(std::string_view text, const std::string& name,
                                       const PowerLogFormat& format) {
  return LogParser(text, name, format).parse();
}

base::Result<PowerLog> read_power_log(const PowerLogSource& source) {
  EDGETRAN_ASSIGN(const std::string text, base::read_file(source.file, kLogLimitBytes));
  return parse_power_log(text, source.file.string(), source.format);
}

}  // namespace edgetran::profile
