#include "profile/power_log.h"

namespace edgetran::profile {
namespace {

using base::ConfigMap;
using base::ConfigValue;
using base::fail;

base::Result<std::string> text_of(ConfigMap& settings, const std::string& key) {
  const auto value = settings.find(key);
  if (!value) return std::string();
  EDGETRAN_ASSIGN(std::string text, value->as_string());
  if (text.empty()) return fail(value->error(key + " is empty; the name of a column was expected"));
  return text;
}

base::Status read_columns(ConfigMap& settings, PowerLogFormat& format) {
  EDGETRAN_ASSIGN(const ConfigValue time, settings.require("time"));
  EDGETRAN_ASSIGN(format.time, time.as_string());
  EDGETRAN_ASSIGN(format.power, text_of(settings, "power"));
  EDGETRAN_ASSIGN(format.volt, text_of(settings, "volt"));
  EDGETRAN_ASSIGN(format.ampere, text_of(settings, "ampere"));
  EDGETRAN_ASSIGN(format.phase, text_of(settings, "phase"));
  const bool both = !format.volt.empty() && !format.ampere.empty();
  const bool either = !format.volt.empty() || !format.ampere.empty();
  if (format.power.empty() ? both : !either) return {};
  return fail(
      settings.value().error("a power log needs the column `power`, or the columns `volt` and "
                             "`ampere`, and not both ways"));
}

base::Status read_units(ConfigMap& settings, PowerLogFormat& format) {
  if (const auto unit = settings.find("time_unit")) {
    EDGETRAN_ASSIGN(const std::string name, unit->as_choice({"s", "ms", "iso"}));
    format.time_unit = name == "s"    ? LogTimeUnit::kSeconds
                       : name == "ms" ? LogTimeUnit::kMilliseconds
                                      : LogTimeUnit::kIso;
  }
  if (const auto unit = settings.find("unit")) {
    EDGETRAN_ASSIGN(const std::string name, unit->as_choice({"W", "mW"}));
    if (name == "mW" && format.power.empty())
      return fail(unit->error("mW needs the column `power`; volt x ampere is in W"));
    format.unit_w = name == "mW" ? 1e-3 : 1;
  }
  if (const auto separator = settings.find("separator")) {
    EDGETRAN_ASSIGN(const std::string name, separator->as_choice({"comma", "semicolon", "tab"}));
    format.separator = name == "comma" ? ',' : name == "semicolon" ? ';' : '\t';
  }
  return {};
}

}  // namespace

base::Result<PowerLogSource> read_power_log_source(ConfigMap& settings) {
  PowerLogSource source;
  EDGETRAN_ASSIGN(const ConfigValue file, settings.require("file"));
  EDGETRAN_ASSIGN(source.file, file.as_string());
  EDGETRAN_TRY(read_columns(settings, source.format));
  EDGETRAN_TRY(read_units(settings, source.format));
  EDGETRAN_ASSIGN(const ConfigValue boundary, settings.require("boundary"));
  EDGETRAN_ASSIGN(const std::string name, boundary.as_choice(boundary_names()));
  source.format.boundary = boundary_from_name(name).value();
  if (const auto offset = settings.find("offset_s")) {
    EDGETRAN_ASSIGN(source.format.offset_s, offset->as_number());
  }
  return source;
}

}  // namespace edgetran::profile
