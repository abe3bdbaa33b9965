#pragma once

// Template definitions of settings.h; include that.

#include <type_traits>
#include <utility>

namespace edgetran::base {

template <class Config>
Settings<Config>& Settings<Config>::add(SettingInfo info, Binding binding) {
  info.default_value = binding.write(Config{});
  infos_.push_back(std::move(info));
  bindings_.push_back(std::move(binding));
  return *this;
}

template <class Config>
template <class T, class Reader>
Settings<Config>& Settings<Config>::bind(SettingInfo info, T Config::*member, Reader reader) {
  return add(std::move(info), {[member, reader = std::move(reader)](const ConfigValue& value,
                                                                    Config& config) -> Status {
                                 EDGETRAN_ASSIGN(config.*member, reader(value));
                                 return {};
                               },
                               [member](const Config& config) { return Json(config.*member); }});
}

template <class Config>
Settings<Config>& Settings<Config>::boolean(const std::string& name, bool Config::*member,
                                            const std::string& text) {
  return bind({.name = name, .type = SettingInfo::Type::kBoolean, .text = text}, member,
              [](const ConfigValue& value) { return value.as_boolean(); });
}

template <class Config>
Settings<Config>& Settings<Config>::integer(const std::string& name, int64_t Config::*member,
                                            int64_t low, int64_t high, const std::string& unit,
                                            const std::string& text) {
  return bind({.name = name,
               .type = SettingInfo::Type::kInteger,
               .low = static_cast<double>(low),
               .high = static_cast<double>(high),
               .unit = unit,
               .text = text},
              member,
              [low, high](const ConfigValue& value) { return value.as_integer(low, high); });
}

template <class Config>
Settings<Config>& Settings<Config>::number(const std::string& name, double Config::*member,
                                           double low, double high, const std::string& unit,
                                           const std::string& text) {
  return bind({.name = name,
               .type = SettingInfo::Type::kNumber,
               .low = low,
               .high = high,
               .unit = unit,
               .text = text},
              member, [low, high](const ConfigValue& value) { return value.as_number(low, high); });
}

template <class Config>
Settings<Config>& Settings<Config>::string(const std::string& name, std::string Config::*member,
                                           const std::string& text) {
  return bind({.name = name, .type = SettingInfo::Type::kString, .text = text}, member,
              [](const ConfigValue& value) { return value.as_string(); });
}

template <class Config>
Settings<Config>& Settings<Config>::strings(const std::string& name,
                                            std::vector<std::string> Config::*member,
                                            const std::string& text) {
  const auto read = [member](const ConfigValue& value, Config& config) -> Status {
    if (value.kind() == ConfigValue::Kind::kList) {
      EDGETRAN_ASSIGN(config.*member, value.as_strings());
    } else {
      EDGETRAN_ASSIGN(auto text_value, value.as_string());
      (config.*member).push_back(std::move(text_value));
    }
    return {};
  };
  return add({.name = name, .type = SettingInfo::Type::kString, .text = text, .repeatable = true},
             {read, [member](const Config& config) { return Json(config.*member); }});
}

template <class Config>
Settings<Config>& Settings<Config>::choice(const std::string& name, std::string Config::*member,
                                           std::vector<std::string> choices,
                                           const std::string& text) {
  SettingInfo info{
      .name = name, .type = SettingInfo::Type::kChoice, .choices = choices, .text = text};
  return bind(std::move(info), member, [choices = std::move(choices)](const ConfigValue& value) {
    return value.as_choice(choices);
  });
}

template <class Config>
Status Settings<Config>::read(ConfigMap& map, Config& config) const {
  for (size_t i = 0; i < infos_.size(); ++i) {
    if (const auto value = map.find(infos_[i].name))
      EDGETRAN_TRY(bindings_[i].read(*value, config));
  }
  return {};
}

template <class Config>
Status Settings<Config>::set(Config& config, const std::string& name,
                             const std::string& value) const {
  EDGETRAN_ASSIGN(const size_t index, find_setting(infos_, name));
  const Json typed = setting_from_text(infos_[index], value);
  return bindings_[index].read(ConfigValue::from_json(typed, "--" + flag_name(infos_[index].name)),
                               config);
}

template <class Config>
Json Settings<Config>::write(const Config& config) const {
  Json json = Json::object();
  for (size_t i = 0; i < infos_.size(); ++i) json[infos_[i].name] = bindings_[i].write(config);
  return json;
}

template <class Config>
template <class Part>
Settings<Config>& Settings<Config>::include(const Settings<Part>& part) {
  static_assert(std::is_base_of_v<Part, Config>);
  for (size_t i = 0; i < part.infos_.size(); ++i) {
    Binding binding{.read = part.bindings_[i].read, .write = part.bindings_[i].write};
    SettingInfo info = part.infos_[i];
    add(std::move(info), std::move(binding));
  }
  return *this;
}

}  // namespace edgetran::base
