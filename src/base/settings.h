#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "base/result.h"

namespace edgetran::base {

/// What is known of one setting; the parser, --help, the docs and the JSON Schema all read it.
struct SettingInfo {
  enum class Type { kBoolean, kInteger, kNumber, kString, kChoice };
  std::string name{};  ///< snake_case key; the flag is --kebab-case
  Type type = Type::kString;
  Json default_value{};
  double low = 0, high = 0;            ///< closed range (kInteger, kNumber)
  std::vector<std::string> choices{};  ///< kChoice
  std::string unit{};                  ///< "s", "tokens", ... or empty
  std::string text{};                  ///< one sentence for help and docs
  bool repeatable = false;             ///< kString: a list; the flag may be given several times
};

/// "learning-rate" of "learning_rate".
std::string flag_name(std::string_view name);

/// What the text of a flag stands for: a boolean or number where the setting is one and the text
/// reads so, else a string, which the setting's own check then refuses or takes.
Json setting_from_text(const SettingInfo& info, const std::string& text);

/// Index of the setting named so (snake or kebab case); a usage error names the nearest.
Result<size_t> find_setting(const std::vector<SettingInfo>& infos, std::string_view name);

/// The settings of a plain struct, each declared once as (name, member, range, unit, text).
/// The member's value in a default-constructed Config is the default.
template <class Config>
class Settings {
 public:
  Settings& boolean(const std::string& name, bool Config::*member, const std::string& text);
  Settings& integer(const std::string& name, int64_t Config::*member, int64_t low, int64_t high,
                    const std::string& unit, const std::string& text);
  Settings& number(const std::string& name, double Config::*member, double low, double high,
                   const std::string& unit, const std::string& text);
  Settings& string(const std::string& name, std::string Config::*member, const std::string& text);
  /// A list of texts: a text adds to it, a list takes its place.
  Settings& strings(const std::string& name, std::vector<std::string> Config::*member,
                    const std::string& text);
  Settings& choice(const std::string& name, std::string Config::*member,
                   std::vector<std::string> choices, const std::string& text);

  /// All settings of `Part`, a base class of Config, with the defaults that Config gives them.
  template <class Part>
  Settings& include(const Settings<Part>& part);

  /// Reads the keys that are present; ranges and choices are checked at their place in the file.
  Status read(ConfigMap& map, Config& config) const;
  /// Sets one value from text, as a command-line flag gives it; `name` in snake or kebab case. The
  /// same ranges hold, and errors name the flag.
  Status set(Config& config, const std::string& name, const std::string& value) const;
  Json write(const Config& config) const;
  const std::vector<SettingInfo>& infos() const { return infos_; }

 private:
  template <class Other>
  friend class Settings;
  struct Binding {
    std::function<Status(const ConfigValue&, Config&)> read;
    std::function<Json(const Config&)> write;
  };
  Settings& add(SettingInfo info, Binding binding);
  template <class T, class Reader>
  Settings& bind(SettingInfo info, T Config::*member, Reader reader);
  std::vector<SettingInfo> infos_;
  std::vector<Binding> bindings_;
};

/// JSON Schema "properties" object of these settings.
Json settings_schema(const std::vector<SettingInfo>& infos);

}  // namespace edgetran::base

#include "base/settings_inline.h"  // template definitions
