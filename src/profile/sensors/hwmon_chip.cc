#include "profile/sensors/hwmon_chip.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <system_error>

#include "base/numbers.h"
#include "base/text.h"
#include "profile/sensors/sysfs_value.h"

namespace edgetran::profile::sensors {

// amd_energy hides its counters for the reason that powercap does (CVE-2020-12912), so their mode
// is left alone here too.
const std::string_view kHwmonPermissionFix = "let edgetran-sensord read it for its group";

namespace {

constexpr std::string_view kClass = "/sys/class/hwmon/";

/// The name of the device behind the chip: an I2C address "1-0040", a PCI address "0000:03:00.0".
/// Else the chip's label, which the ABI gives for this purpose; empty where it has neither.
std::string device_of(const SensorHost& host, const std::string& folder) {
  std::error_code code;
  const auto device = std::filesystem::canonical(host.at(folder + "/device"), code);
  return code ? optional_text(host, folder + "/label") : device.filename().string();
}

/// N of "power2" or of "power2_input"; nullopt where the name is of another kind.
std::optional<int64_t> number_of(std::string_view file, std::string_view type,
                                 std::string_view suffix) {
  if (!file.starts_with(type) || !file.ends_with(suffix)) return std::nullopt;
  if (file.size() <= type.size() + suffix.size()) return std::nullopt;
  file.remove_prefix(type.size());
  file.remove_suffix(suffix.size());
  return file.find_first_not_of("0123456789") == std::string_view::npos ? base::parse_int64(file)
                                                                        : std::nullopt;
}

/// An amdgpu in the processor: only those have the north bridge's voltage ("only APUs have vddnb"
/// in amdgpu_pm.c), and their power is that of the whole package.
bool is_apu(const SensorHost& host, const HwmonChip& chip) {
  return chip.has("in1_input") && optional_text(host, chip.path("in1_label")) == "vddnb";
}

/// What a channel covers where the chip's driver says so; kRail where only the board's designer
/// knows.
Boundary boundary_of(const SensorHost& host, const HwmonChip& chip, std::string_view label) {
  if (chip.name == "amdgpu") {
    return is_apu(host, chip) ? Boundary::kPackage : Boundary::kAccelerator;
  }
  // Graphics cards only: nouveau_hwmon.c, i915_hwmon.c and xe_hwmon.c register none for processors.
  if (chip.name == "nouveau" || chip.name == "i915" || chip.name == "xe") {
    return Boundary::kAccelerator;
  }
  // Documentation/hwmon/amd_energy.rst: EsocketX is the energy of a socket, EcoreX of a core.
  const bool counts_processor = label.starts_with("Esocket") || label.starts_with("Ecore");
  if (chip.name == "amd_energy" && counts_processor) return Boundary::kPackage;
  // The SMC's key PSTR, by its label in hwmon-common.dtsi of Apple's boards. (PDTR, "AC Input
  // Power", charges the battery too, and is none without an adaptor.)
  if (chip.name == "macsmc_hwmon" && label == "Total System Power") return Boundary::kBoardInput;
  // Not so acpi_power_meter's: what one measures is its _PMD's list of devices, input or output.
  return Boundary::kRail;
}

/// The label of the channel that contains this one, if the chip has it; empty: none.
std::string container_of(const SensorHost& host, const HwmonChip& chip, std::string_view label) {
  // amd_energy.c reads EcoreX on CPU X.
  if (chip.name == "amd_energy" && label.starts_with("Ecore")) {
    const std::string package =
        fmt::format("/sys/devices/system/cpu/cpu{}/topology/physical_package_id", label.substr(5));
    return fmt::format("Esocket{}", optional_number(host, package).value_or(0));
  }
  // xe_hwmon.c: the card's counter holds the package's.
  if (chip.name == "xe" && label == "pkg") return "card";
  // amdgpu_pm.c shows one power of Van Gogh twice, averaged over two times.
  if (chip.name == "amdgpu" && label == "slowPPT") return "fastPPT";
  return "";
}

}  // namespace

bool HwmonChip::has(std::string_view file) const {
  return std::find(files.begin(), files.end(), file) != files.end();
}

std::string HwmonChip::path(std::string_view file) const {
  return fmt::format("{}/{}", folder, file);
}

std::vector<HwmonChip> hwmon_chips(const SensorHost& host) {
  std::vector<HwmonChip> chips;
  std::map<std::string, int> count;
  for (const std::string& entry : sysfs_entries(host, kClass)) {
    HwmonChip chip;
    chip.folder = std::string(kClass) + entry;
    chip.name = optional_text(host, chip.path("name"));
    if (chip.name.empty()) continue;
    chip.device = device_of(host, chip.folder);
    chip.identity =
        base::printable(chip.device.empty() ? chip.name : chip.name + "-" + chip.device);
    chip.files = sysfs_entries(host, chip.folder);
    ++count[chip.identity];
    chips.push_back(std::move(chip));
  }
  for (HwmonChip& chip : chips) chip.distinct = count[chip.identity] == 1;
  // By identity, so that the order too is the same in every boot.
  std::stable_sort(chips.begin(), chips.end(),
                   [](const auto& a, const auto& b) { return a.identity < b.identity; });
  return chips;
}

std::vector<HwmonChannel> hwmon_channels(const SensorHost& host, const HwmonChip& chip,
                                         std::string_view type,
                                         const std::vector<std::string_view>& files) {
  std::map<int64_t, HwmonChannel> channels;  // in order of number
  for (const std::string& file : chip.files) {
    for (const std::string_view suffix : files) {
      const auto number = number_of(file, type, suffix);
      if (!number) continue;
      HwmonChannel channel;
      channel.stem = fmt::format("{}{}", type, *number);
      if (optional_number(host, chip.path(channel.stem + "_enable")).value_or(1) == 0) continue;
      channel.label = base::printable(optional_text(host, chip.path(channel.stem + "_label")));
      if (channel.label.empty()) channel.label = channel.stem;
      channels.emplace(*number, std::move(channel));
    }
  }
  std::map<std::string, int> count;
  for (const auto& [number, channel] : channels) ++count[channel.label];
  std::vector<HwmonChannel> list;
  for (auto& [number, channel] : channels) {
    const bool shared = count[channel.label] > 1;
    channel.name = shared ? fmt::format("{} ({})", channel.label, channel.stem) : channel.label;
    const std::string container = container_of(host, chip, channel.label);
    if (count.contains(container)) channel.container = container;
    list.push_back(std::move(channel));
  }
  return list;
}

SensorInfo hwmon_info(const SensorHost& host, const HwmonChip& chip, const HwmonChannel& channel,
                      std::string_view driver) {
  SensorInfo info;
  info.driver = driver;
  info.channel = fmt::format("{}/{}", chip.identity, channel.name);
  info.domain = channel.label;
  if (!channel.container.empty()) {
    info.within = fmt::format("{}/{}", chip.identity, channel.container);
  }
  info.boundary = boundary_of(host, chip, channel.label);
  return info;
}

SensorProblem indistinct_chip(const HwmonChip& chip, std::string_view driver) {
  return {std::string(driver), chip.folder, base::ErrorCategory::kDevice,
          fmt::format("there are several chips {} and nothing but the number in {}, which changes "
                      "from boot to boot, tells them apart",
                      chip.identity, chip.folder),
          ""};
}

}  // namespace edgetran::profile::sensors
