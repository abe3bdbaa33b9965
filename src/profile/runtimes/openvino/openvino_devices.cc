#include "profile/runtimes/openvino/openvino_devices.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

namespace edgetran::profile::openvino {

namespace {

using base::ErrorCategory;
using base::Json;

constexpr const char* kCpu = "CPU";
constexpr int32_t kStreams = 1;

/// Our name, OpenVINO's capability and its element type.
struct PrecisionName {
  const char* name;
  const char* capability;
  const char* element;
};
constexpr std::array<PrecisionName, 3> kPrecisions = {
    {{"fp32", "FP32", "f32"}, {"bf16", "BF16", "bf16"}, {"fp16", "FP16", "f16"}}};

bool is_cpu(const std::string& device) { return device == kCpu; }

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

/// OpenVINO's name of the element type; empty for a precision that is not known.
std::string element_of(const std::string& precision) {
  for (const PrecisionName& known : kPrecisions)
    if (precision == known.name) return known.element;
  return {};
}

std::string listed(const std::vector<Device>& devices) {
  std::vector<std::string> texts;
  for (const Device& device : devices) {
    texts.push_back(fmt::format("{} ({})", device.name, device.full_name));
  }
  return texts.empty() ? "no device" : fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace

std::vector<Device> find_devices(ov::Core& core) {
  std::vector<Device> devices;
  for (const std::string& name : core.get_available_devices()) {
    Device device{name,
                  core.get_property(name, ov::device::full_name),
                  precisions_of(name, core.get_property(name, ov::device::capabilities)),
                  {}};
    for (const ov::PropertyName& property : core.get_property(name, ov::supported_properties)) {
      if (property.is_mutable()) device.settable.push_back(property);
    }
    devices.push_back(std::move(device));
  }
  return devices;
}

std::vector<std::string> precisions_of(const std::string& device,
                                       const std::vector<std::string>& capabilities) {
  std::vector<std::string> names;
  for (const PrecisionName& known : kPrecisions) {
    const bool always = is_cpu(device) && known.name == std::string_view("fp32");
    if (always || contains(capabilities, known.capability)) names.emplace_back(known.name);
  }
  return names;
}

base::Result<Device> choose_device(const std::vector<Device>& devices,
                                   const std::string& accelerator, const std::string& precision) {
  const auto found = std::find_if(devices.begin(), devices.end(), [&](const Device& device) {
    return device.name == accelerator || device.name.starts_with(accelerator + ".");
  });
  if (accelerator.empty() || found == devices.end()) {
    return base::fail(ErrorCategory::kDevice,
                      fmt::format("OpenVINO finds no device \"{}\" here; it finds {}", accelerator,
                                  listed(devices)),
                      "choose another accelerator, or install the driver of this one");
  }
  if (!contains(found->precisions, precision)) {
    return base::fail(
        ErrorCategory::kDevice,
        fmt::format("OpenVINO's device {} ({}) does not compute in {}; it offers {}", found->name,
                    found->full_name, precision, fmt::join(found->precisions, ", ")),
        "choose another deployment");
  }
  return *found;
}

ov::AnyMap compile_properties(const Device& device, const RunSettings& settings) {
  ov::AnyMap properties = {
      ov::hint::inference_precision(ov::element::Type(element_of(settings.precision)))};
  const auto set_where_possible = [&](const std::pair<std::string, ov::Any>& property) {
    if (contains(device.settable, property.first)) properties.insert(property);
  };
  set_where_possible(ov::num_streams(ov::streams::Num(kStreams)));
  set_where_possible(ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY));
  if (is_cpu(device.name)) {
    properties.insert(ov::inference_num_threads(static_cast<int32_t>(settings.threads)));
    properties.insert(ov::hint::enable_cpu_pinning(false));
  }
  return properties;
}

Json settings_of(const ov::CompiledModel& compiled, const Device& device) {
  Json settings = {{"device", device.name}, {"full_name", device.full_name}};
  const auto supported = compiled.get_property(ov::supported_properties);
  const auto add = [&](const char* key, const std::string& property) {
    if (std::find(supported.begin(), supported.end(), property) == supported.end()) return;
    const auto text = compiled.get_property(property).as<std::string>();
    const bool number = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    settings[key] = number ? Json(std::stoll(text)) : Json(text);
  };
  add("inference_precision", ov::hint::inference_precision.name());
  add("streams", ov::num_streams.name());
  add("performance_mode", ov::hint::performance_mode.name());
  if (is_cpu(device.name)) {
    add("threads", ov::inference_num_threads.name());
    add("cpu_pinning", ov::hint::enable_cpu_pinning.name());
  }
  return settings;
}

base::Status check_settings(const Json& in_effect, const Device& device,
                            const RunSettings& settings) {
  std::vector<std::string> differences;
  const auto compare = [&](const char* key, const Json& wanted) {
    const auto found = in_effect.find(key);
    // What a device does not tell cannot be held against it; the record shows that it is missing.
    if (found == in_effect.end() || *found == wanted) return;
    differences.push_back(
        fmt::format("{} is {} and not {}", key, base::dump_json(*found), base::dump_json(wanted)));
  };
  compare("inference_precision", element_of(settings.precision));
  compare("streams", kStreams);
  if (is_cpu(device.name)) compare("threads", settings.threads);
  if (differences.empty()) return {};
  return base::fail(ErrorCategory::kDevice,
                    fmt::format("OpenVINO does not run the model on {} as asked: {}", device.name,
                                fmt::join(differences, ", ")),
                    "choose a deployment that the device can keep");
}

}  // namespace edgetran::profile::openvino
