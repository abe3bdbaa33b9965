#include "profile/sensors/jetson_rails.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <utility>

#include "base/text.h"
#include "profile/sensors/sysfs_value.h"

// Where the facts of this file come from: "Software-Based Power Consumption Modeling" and the pages
// on each series in the NVIDIA Jetson Linux Developer Guide (tables of INA3221 channels), releases
// 32.6.1 (TX1, TX2, Nano, Xavier) and 36.3 (Orin); the Jetson AGX Xavier Series Product Design
// Guide DG-09840, section 5.6.2 (which supplies the monitors stand in); mainline
// tegra234-p3701.dtsi.
//
//   board          chip 0x40                                chip 0x41
//   TX1            VDD_IN, VDD_GPU, VDD_CPU
//   TX2            VDD_SYS_GPU, VDD_SYS_SOC, VDD_4V0_WIFI   VDD_IN, VDD_SYS_CPU, VDD_SYS_DDR
//   Nano           POM_5V_IN, POM_5V_GPU, POM_5V_CPU
//   Xavier NX      VDD_IN, VDD_CPU_GPU_CV, VDD_SOC
//   Orin NX, Nano  VDD_IN, VDD_CPU_GPU_CV, VDD_SOC
//   AGX Xavier     GPU, CPU, SOC                            CV, VDDRQ, SYS5V
//   AGX Orin       VDD_GPU_SOC, VDD_CPU_CV, VIN_SYS_5V0     NC, VDDQ_VDD2_1V8AO, NC
//
// Chips 0x42 and 0x43 of the TX1 and TX2 are on the carrier board, beside the module.

namespace edgetran::profile::sensors {
namespace {

using base::ErrorCategory;

constexpr int kFirstAddress = 0x40;
constexpr int kLastAddress = 0x43;
constexpr int kLastModuleAddress = 0x41;
constexpr std::string_view kSum = "sum";
constexpr const char* kCompatible = "/proc/device-tree/compatible";
constexpr std::string_view kTegra = "nvidia,tegra";

// A rail that feeds the whole module. The guide's tables write 5V_IN where Xavier NX says VDD_IN.
constexpr std::array<std::string_view, 3> kTotals = {"VDD_IN", "POM_5V_IN", "5V_IN"};

/// A module without a total whose rails together are its whole input: the guide's own sum.
struct WholeModule {
  std::vector<std::string_view> rails;
};
const std::array<WholeModule, 2>& whole_modules() {
  static const std::array<WholeModule, 2> kModules = {{
      {{"GPU", "CPU", "SOC", "CV", "VDDRQ", "SYS5V"}},  // AGX Xavier: SYS_VIN_HV, SYS_VIN_MV
      {{"VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"}},   // AGX Orin
  }};
  return kModules;
}

// On the AGX Orin the memory's supply is measured a second time behind the 5 V input.
constexpr std::string_view kOrinMemory = "VDDQ_VDD2_1V8AO";
constexpr std::string_view kOrin5V = "VIN_SYS_5V0";

class RailSensor final : public Sensor {
 public:
  RailSensor(SensorInfo info, std::vector<SysfsPower> parts)
      : info_(std::move(info)), parts_(std::move(parts)) {}

  const SensorInfo& info() const override { return info_; }

  base::Result<Reading> read() override {
    Reading reading;
    for (const SysfsPower& part : parts_) {
      EDGETRAN_ASSIGN(const double watts, part.read());
      reading.watts += watts;
    }
    return reading;
  }

 private:
  SensorInfo info_;
  std::vector<SysfsPower> parts_;  // one for a rail, several for the sum
};

bool on_module(const JetsonChannel& channel) { return channel.address <= kLastModuleAddress; }

const JetsonChannel* with_label(const std::vector<JetsonChannel>& channels,
                                std::string_view label) {
  const auto found = std::find_if(channels.begin(), channels.end(),
                                  [&](const JetsonChannel& c) { return c.label == label; });
  return found == channels.end() ? nullptr : &*found;
}

const JetsonChannel* total_of(const std::vector<JetsonChannel>& channels) {
  for (const std::string_view label : kTotals) {
    if (const JetsonChannel* channel = with_label(channels, label)) return channel;
  }
  return nullptr;
}

/// The channel's name among the driver's: its label, which the guide keeps unique; its place where
/// there is none or another channel has it too.
std::string channel_name(const std::vector<JetsonChannel>& channels, const JetsonChannel& channel) {
  const auto same =
      std::count_if(channels.begin(), channels.end(),
                    [&](const JetsonChannel& other) { return other.label == channel.label; });
  return channel.label.empty() || same > 1 ? channel.place : channel.label;
}

/// Channels whose sum is the power of the module, as far as it is measured: none that is part of
/// another.
std::vector<const JetsonChannel*> summands(const std::vector<JetsonChannel>& channels) {
  std::vector<const JetsonChannel*> parts;
  const bool has_5v = with_label(channels, kOrin5V) != nullptr;
  for (const JetsonChannel& channel : channels) {
    if (on_module(channel) && !(has_5v && channel.label == kOrinMemory)) parts.push_back(&channel);
  }
  return parts;
}

/// The rails of a sum are a whole module where its table says so; otherwise nothing is claimed
/// beyond the rails themselves.
Boundary sum_boundary(const std::vector<const JetsonChannel*>& parts) {
  for (const WholeModule& module : whole_modules()) {
    const bool all = std::all_of(parts.begin(), parts.end(), [&](const JetsonChannel* part) {
      return std::find(module.rails.begin(), module.rails.end(), part->label) != module.rails.end();
    });
    if (all && parts.size() == module.rails.size()) return Boundary::kModule;
  }
  return Boundary::kSocRails;
}

class Finder {
 public:
  Finder(const SensorHost& host, std::string_view driver,
         const std::vector<JetsonChannel>& channels, double unit_w)
      : host_(host),
        driver_(driver),
        channels_(channels),
        unit_w_(unit_w),
        total_(total_of(channels)) {}

  FoundSensors find() && {
    if (total_ == nullptr && !channels_.empty()) add_sum();
    for (const JetsonChannel& channel : channels_) add_rail(channel);
    return std::move(found_);
  }

 private:
  /// The channel that contains `channel`.
  std::string within(const JetsonChannel& channel) const {
    if (&channel == total_ || !on_module(channel)) return "";
    if (total_ != nullptr) return channel_name(channels_, *total_);
    if (channel.label == kOrinMemory && with_label(channels_, kOrin5V) != nullptr)
      return std::string(kOrin5V);
    return std::string(kSum);
  }

  base::Result<SysfsPower> open(const JetsonChannel& channel) const {
    EDGETRAN_ASSIGN(SysfsPower power, SysfsPower::open(host_, channel.factors, unit_w_));
    EDGETRAN_TRY(power.read());
    return power;
  }

  void add_problem(const std::string& source, const base::Error& error) {
    found_.problems.push_back({std::string(driver_), source, error.category, error.message,
                               error.category == ErrorCategory::kPermission
                                   ? "run the agent as a user that may read " + source
                                   : error.hint});
  }

  void add_rail(const JetsonChannel& channel) {
    auto power = open(channel);
    if (!power) return add_problem(channel.source, power.error());
    SensorInfo info = described(channel_name(channels_, channel));
    info.domain = channel.label.empty() ? channel.place : channel.label;
    info.within = within(channel);
    info.source = channel.source;
    info.boundary = &channel == total_ ? Boundary::kModule : Boundary::kRail;
    info.resolution_w = channel.resolution_w;
    info.averaging_s = channel.averaging_s;
    std::vector<SysfsPower> parts;
    parts.push_back(std::move(*power));
    found_.sensors.push_back(std::make_unique<RailSensor>(std::move(info), std::move(parts)));
  }

  void add_sum() {
    SensorInfo info = described(std::string(kSum));
    const auto channels = summands(channels_);
    std::vector<std::string> names;
    std::vector<SysfsPower> parts;
    for (const JetsonChannel* channel : channels) {
      auto power = open(*channel);
      // A sum without one of its rails is a smaller number that looks like the whole.
      if (!power) return add_problem("the sum of the rails", power.error());
      parts.push_back(std::move(*power));
      names.push_back(channel->label.empty() ? channel->place : channel->label);
      info.resolution_w = std::max(info.resolution_w, channel->resolution_w);
      info.averaging_s = std::max(info.averaging_s, channel->averaging_s);
      info.source += (info.source.empty() ? "" : ", ") + channel->source;
    }
    if (parts.empty()) return;
    info.domain = "sum of " + base::join_words(names);
    info.boundary = sum_boundary(channels);
    found_.sensors.push_back(std::make_unique<RailSensor>(std::move(info), std::move(parts)));
  }

  SensorInfo described(std::string channel) const {
    SensorInfo info;
    info.driver = driver_;
    info.channel = std::move(channel);
    info.kind = SensorKind::kGauge;
    return info;
  }

  const SensorHost& host_;
  std::string_view driver_;
  const std::vector<JetsonChannel>& channels_;
  double unit_w_;
  const JetsonChannel* total_;
  FoundSensors found_;
};

}  // namespace

std::vector<I2cFolder> i2c_folders(const SensorHost& host, std::string_view driver_folder) {
  std::vector<I2cFolder> folders;
  for (const std::string& name : sysfs_entries(host, driver_folder)) {
    // "1-0040": bus and address; the driver's folder also has bind, uevent, module, ...
    const size_t dash = name.find('-');
    if (dash == std::string::npos || dash == 0) continue;
    int address = 0;
    const char* end = name.data() + name.size();
    const auto [stop, code] = std::from_chars(name.data() + dash + 1, end, address, 16);
    if (code != std::errc() || stop != end) continue;
    if (address < kFirstAddress || address > kLastAddress) continue;
    folders.push_back({fmt::format("{}/{}", driver_folder, name), name, address});
  }
  return folders;
}

FoundSensors jetson_sensors(const SensorHost& host, std::string_view driver,
                            const std::vector<JetsonChannel>& channels, double unit_w) {
  return Finder(host, driver, channels, unit_w).find();
}

bool is_jetson(const SensorHost& host, const std::vector<JetsonChannel>& channels) {
  // The root's names from the board's to the chip's, each ended by a zero byte:
  // "nvidia,p3768-0000+p3767-0005", "nvidia,tegra234".
  const std::string names = optional_text(host, kCompatible);
  if (!names.empty()) {
    const std::vector<std::string_view> list = base::split(names, '\0');
    return std::any_of(list.begin(), list.end(),
                       [](std::string_view name) { return name.starts_with(kTegra); });
  }
  if (total_of(channels) != nullptr) return true;
  return std::any_of(whole_modules().begin(), whole_modules().end(), [&](const auto& module) {
    return std::all_of(module.rails.begin(), module.rails.end(), [&](std::string_view label) {
      return with_label(channels, label) != nullptr;
    });
  });
}

}  // namespace edgetran::profile::sensors
