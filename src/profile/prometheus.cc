#include "profile/prometheus.h"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

#include "base/numbers.h"

namespace edgetran::profile {
namespace {

/// A label's value: backslash, quote and line end are escaped.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\n') {
      result += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') result += '\\';
    result += c;
  }
  return result;
}

void add_family(std::string& text, std::string_view name, std::string_view type,
                std::string_view help, const std::vector<SensorFigures>& sensors,
                std::optional<double> SensorFigures::*figure) {
  text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  for (const SensorFigures& sensor : sensors) {
    const std::optional<double>& value = sensor.*figure;
    if (!value || !std::isfinite(*value)) continue;
    const SensorInfo& info = sensor.info;
    text += fmt::format("{}{{driver=\"{}\",channel=\"{}\",domain=\"{}\",boundary=\"{}\"}} {}\n",
                        name, escaped(info.driver), escaped(info.channel), escaped(info.domain),
                        boundary_name(info.boundary), base::shortest_decimal(*value));
  }
}

}  // namespace

std::string prometheus_text(const std::vector<SensorFigures>& sensors) {
  std::string text;
  add_family(text, "edgetran_power_watts", "gauge", "Power at the sensor's last reading.", sensors,
             &SensorFigures::power_w);
  add_family(text, "edgetran_energy_joules_total", "counter", "Energy that the sensor has counted.",
             sensors, &SensorFigures::energy_j);
  return text;
}

}  // namespace edgetran::profile
