#include "profile/sensors/nvml.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "profile/sensors/drivers.h"
#include "profile/sensors/nvml_library.h"
#include "profile/sensors/set_limit.h"

// What the figures cover. The energy counter is kept by the board's own controller since the driver
// was loaded, in mJ, on Volta and newer; it covers all of the time. Power is another matter: Yang,
// Adamek and Armour ("Part-time power measurements: nvidia-smi's lack of attention", SC 2024, arXiv
// 2312.02741) measured that an instantaneous value is the mean of 25 ms out of every 100 ms on the
// A100 and H100, so that a quarter of the time is seen; on other boards window and update are the
// same 10 to 100 ms. The average value is over 1 s (NVML API reference, nvmlDeviceGetPowerUsage). A
// gauge is therefore inside the counter where there is one, and calibration compares the two.

namespace edgetran::profile::sensors {
namespace {

using base::ErrorCategory;
using base::fail;

constexpr std::string_view kLibrary = "libnvidia-ml.so.1";
constexpr std::string_view kDriverDevice = "/dev/nvidiactl";
constexpr double kMilli = 1e-3;
constexpr double kInstantWindow_s = 0.025;  // see above
constexpr double kAverageWindow_s = 1.0;

/// How an accelerator tells its power.
enum class PowerSource : uint8_t { kInstant, kAverage, kUsage };

class NvmlBoard {
 public:
  NvmlBoard(std::shared_ptr<const NvmlLibrary> library, NvmlDevice device, std::string uuid)
      : library_(std::move(library)), device_(device), uuid_(std::move(uuid)) {}

  const std::string& uuid() const { return uuid_; }

  base::Result<uint64_t> energy_mj() const {
    if (functions().total_energy == nullptr)
      return fail(failure("total energy", kNvmlNotSupported));
    unsigned long long value = 0;
    const int code = functions().total_energy(device_, &value);
    if (code != kNvmlSuccess) return fail(failure("nvmlDeviceGetTotalEnergyConsumption", code));
    return uint64_t{value};
  }

  base::Result<double> power_w(PowerSource source) const {
    if (source == PowerSource::kInstant) return field_w(kNvmlPowerInstant);
    if (source == PowerSource::kAverage) return field_w(kNvmlPowerAverage);
    unsigned int value = 0;
    const int code = functions().power_usage(device_, &value);
    if (code != kNvmlSuccess) return fail(failure("nvmlDeviceGetPowerUsage", code));
    return value * kMilli;
  }

  /// The highest limit that can be set; nullopt where the board has none.
  std::optional<double> highest_limit_w() const {
    unsigned int low = 0;
    unsigned int high = 0;
    if (functions().limit_range == nullptr ||
        functions().limit_range(device_, &low, &high) != kNvmlSuccess || high == 0)
      return std::nullopt;
    return high * kMilli;
  }

  std::string name() const {
    std::array<char, 96> text{};  // NVML_DEVICE_NAME_V2_BUFFER_SIZE
    if (functions().name(device_, text.data(), text.size()) != kNvmlSuccess) return "accelerator";
    return text.data();
  }

  /// Ampere and newer except its large GA100 tell an average by nvmlDeviceGetPowerUsage.
  double usage_window_s() const {
    unsigned int architecture = 0;
    if (functions().architecture == nullptr ||
        functions().architecture(device_, &architecture) != kNvmlSuccess)
      return 0;
    const std::string board = name();
    const bool large_ampere =
        architecture == kNvmlAmpere &&
        (board.find("A100") != std::string::npos || board.find("A800") != std::string::npos ||
         board.find("A30 ") != std::string::npos || board.ends_with("A30"));
    return architecture < kNvmlAmpere || large_ampere ? 0 : kAverageWindow_s;
  }

 private:
  const NvmlFunctions& functions() const { return library_->functions(); }

  base::Error failure(std::string_view function, int code) const {
    return library_->error(uuid_, function, code);
  }

  base::Result<double> field_w(unsigned int field) const {
    constexpr std::string_view kFunction = "nvmlDeviceGetFieldValues";
    if (functions().field_values == nullptr) return fail(failure(kFunction, kNvmlNotSupported));
    NvmlFieldValue value;
    value.field = field;
    int code = functions().field_values(device_, 1, &value);
    if (code == kNvmlSuccess) code = value.status;
    if (code != kNvmlSuccess) return fail(failure(kFunction, code));
    switch (value.value_type) {
      case kNvmlUnsignedInt:
        return value.value.as_unsigned * kMilli;
      case kNvmlSignedInt:
        return value.value.as_int * kMilli;
      case kNvmlUnsignedLong:
        return static_cast<double>(value.value.as_unsigned_long) * kMilli;
      case kNvmlUnsignedLongLong:
        return static_cast<double>(value.value.as_unsigned_long_long) * kMilli;
      case kNvmlSignedLongLong:
        return static_cast<double>(value.value.as_long_long) * kMilli;
      case kNvmlDouble:
        if (std::isfinite(value.value.as_double)) return value.value.as_double * kMilli;
        [[fallthrough]];
      default:
        return fail(ErrorCategory::kDevice,
                    fmt::format("{}: field {} has a value of type {}, which is no power", uuid_,
                                field, value.value_type));
    }
  }

  std::shared_ptr<const NvmlLibrary> library_;
  NvmlDevice device_;
  std::string uuid_;
};

class EnergySensor final : public Sensor {
 public:
  EnergySensor(SensorInfo info, NvmlBoard board)
      : info_(std::move(info)), board_(std::move(board)) {}
  const SensorInfo& info() const override { return info_; }
  base::Result<Reading> read() override {
    EDGETRAN_ASSIGN(const uint64_t ticks, board_.energy_mj());
    return Reading{.ticks = ticks};
  }

 private:
  SensorInfo info_;
  NvmlBoard board_;
};

class PowerSensor final : public Sensor {
 public:
  PowerSensor(SensorInfo info, NvmlBoard board, PowerSource source)
      : info_(std::move(info)), board_(std::move(board)), source_(source) {}
  const SensorInfo& info() const override { return info_; }
  base::Result<Reading> read() override {
    EDGETRAN_ASSIGN(const double watts, board_.power_w(source_));
    return Reading{.watts = watts};
  }

 private:
  SensorInfo info_;
  NvmlBoard board_;
  PowerSource source_;
};

struct PowerWay {
  PowerSource source;
  std::string_view text;
};
constexpr std::array<PowerWay, 3> kPowerWays = {{{PowerSource::kInstant, "POWER_INSTANT"},
                                                 {PowerSource::kAverage, "POWER_AVERAGE"},
                                                 {PowerSource::kUsage, "nvmlDeviceGetPowerUsage"}}};

SensorInfo described(const NvmlBoard& board) {
  SensorInfo info;
  info.driver = kNvml.name;
  info.domain = board.name();
  info.boundary = Boundary::kAccelerator;
  if (const auto limit = board.highest_limit_w()) info.rating_w = *limit * kAboveSetLimit;
  return info;
}

void add_problem(FoundSensors& found, std::string source, const base::Error& error) {
  found.problems.push_back(
      {std::string(kNvml.name), std::move(source),
       error.category == ErrorCategory::kNotFound ? ErrorCategory::kDevice : error.category,
       error.message, error.hint});
}

/// The counter where the board keeps one. A board without is no problem: its gauge remains.
bool add_counter(FoundSensors& found, const NvmlBoard& board) {
  if (!board.energy_mj()) return false;
  SensorInfo info = described(board);
  info.channel = board.uuid();
  info.source = "nvmlDeviceGetTotalEnergyConsumption";
  info.kind = SensorKind::kCounter;
  info.joules_per_tick = kMilli;
  found.sensors.push_back(std::make_unique<EnergySensor>(std::move(info), board));
  return true;
}

void add_gauge(FoundSensors& found, const NvmlBoard& board, bool has_counter) {
  std::optional<base::Error> last;
  for (const PowerWay& way : kPowerWays) {
    const auto power = board.power_w(way.source);
    if (!power) {
      last = power.error();
      continue;
    }
    SensorInfo info = described(board);
    info.channel = board.uuid() + "/power";
    if (has_counter) info.within = board.uuid();
    info.source = way.text;
    info.kind = SensorKind::kGauge;
    info.resolution_w = kMilli;
    info.averaging_s = way.source == PowerSource::kInstant   ? kInstantWindow_s
                       : way.source == PowerSource::kAverage ? kAverageWindow_s
                                                             : board.usage_window_s();
    found.sensors.push_back(std::make_unique<PowerSensor>(std::move(info), board, way.source));
    return;
  }
  if (!has_counter && last) add_problem(found, board.uuid(), *last);
}

void add_device(FoundSensors& found, const std::shared_ptr<const NvmlLibrary>& library,
                unsigned int index) {
  const NvmlFunctions& functions = library->functions();
  const std::string place = fmt::format("accelerator {}", index);
  NvmlDevice device = nullptr;
  int code = functions.device_by_index(index, &device);
  if (code != kNvmlSuccess)
    return add_problem(found, place, library->error(place, "nvmlDeviceGetHandleByIndex_v2", code));
  std::array<char, 96> uuid{};  // NVML_DEVICE_UUID_V2_BUFFER_SIZE
  code = functions.uuid(device, uuid.data(), uuid.size());
  if (code != kNvmlSuccess)
    return add_problem(found, place, library->error(place, "nvmlDeviceGetUUID", code));
  const NvmlBoard board(library, device, uuid.data());
  const bool has_counter = add_counter(found, board);
  add_gauge(found, board, has_counter);
}

FoundSensors find(const SensorHost& host) {
  // The loader knows where the library is; below another root it must not look at this machine's.
  return find_nvml(
      host, host.root == "/" ? std::string(kLibrary) : (host.at("/usr/lib") / kLibrary).string());
}

}  // namespace

FoundSensors find_nvml(const SensorHost& host, const std::string& library) {
  FoundSensors found;
  const auto loaded = NvmlLibrary::load(library);
  if (!loaded) {
    // Containers often have the library and no accelerator, or neither.
    std::error_code code;
    if (std::filesystem::exists(host.at(kDriverDevice), code))
      add_problem(found, library, loaded.error());
    return found;
  }
  unsigned int count = 0;
  const int code = (*loaded)->functions().device_count(&count);
  if (code != kNvmlSuccess) {
    add_problem(found, library, (*loaded)->error(library, "nvmlDeviceGetCount_v2", code));
    return found;
  }
  for (unsigned int i = 0; i < count; ++i) add_device(found, *loaded, i);
  return found;
}

constinit const SensorDriver kNvml{
    .name = "nvml",
    .text = "NVIDIA accelerators by their driver's management library",
    .find = find};

}  // namespace edgetran::profile::sensors
