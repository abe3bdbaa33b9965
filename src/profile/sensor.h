#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace edgetran::profile {

enum class SensorKind : uint8_t {
  kCounter,  ///< energy since some moment, in whole ticks; wraps
  kGauge,    ///< power at a moment or over a short time before it
};

/// What a figure of power covers (profiling.md, section 2). Figures of different boundaries are not
/// compared.
enum class Boundary : uint8_t {
  kWall,
  kBoardInput,
  kModule,
  kSocRails,
  kPsys,  ///< the platform as the processor's vendor defines it
  kPackage,
  kAccelerator,
  kRail,  ///< one rail, by its label
  kEstimate,
};

/// "wall", "board-input", "module", "soc-rails", "psys", "package", "accelerator", "rail",
/// "estimate".
std::string_view boundary_name(Boundary boundary);
/// nullopt: no such name.
std::optional<Boundary> boundary_from_name(std::string_view name);
std::vector<std::string> boundary_names();

/// What is known of a sensor without reading it. Names do not change from boot to boot.
struct SensorInfo {
  std::string driver;   ///< name of its file's driver: "powercap-rapl"
  std::string channel;  ///< unique within the driver: "intel-rapl:0:1"
  std::string domain;   ///< what is measured, in the source's words: "package-0", "dram", "VDD_IN"
  std::string within;   ///< channel of the domain that contains this one; empty: none
  std::string source;   ///< the file, event or address that is read, without the root
  SensorKind kind = SensorKind::kGauge;
  Boundary boundary = Boundary::kRail;
  double joules_per_tick = 0;  ///< counters
  uint64_t range_ticks = 0;    ///< counters: the value after range_ticks - 1 is 0; 0: 2^64
  double resolution_w = 0;     ///< gauges: the smallest step; 0: not known
  double averaging_s = 0;      ///< gauges: a value is the mean over so long before it; 0: not known
  std::optional<double> gain_error;  ///< one standard deviation over the value, from a data sheet
  std::optional<double> rating_w;    ///< more than this cannot be: a limit of the hardware
};

/// One value: ticks of a counter, or watts of a gauge.
struct Reading {
  uint64_t ticks = 0;
  double watts = 0;
};

/// An open sensor. Not thread-safe; one thread reads it.
class Sensor {
 public:
  virtual ~Sensor() = default;
  virtual const SensorInfo& info() const = 0;
  /// The present value; allocates nothing where it succeeds. An error is never a zero: kDevice
  /// (gone, EAGAIN after its retries, not a number), kPermission.
  virtual base::Result<Reading> read() = 0;
};

/// A source of power that is there and cannot be used, and what to do about it.
struct SensorProblem {
  std::string driver;
  std::string source;
  base::ErrorCategory category = base::ErrorCategory::kDevice;
  std::string message;
  std::string fix;  ///< one line; empty where nothing helps
  /// The sensors that would be there without it, as far as that is known; without a channel: any of
  /// the driver's. Empty where no total can lack them.
  std::vector<SensorInfo> missing{};
};

/// What a driver found on a machine. A source that is absent is neither.
struct FoundSensors {
  std::vector<std::unique_ptr<Sensor>> sensors;
  std::vector<SensorProblem> problems;
};

/// One reading of a sensor as it was taken; times on the session's clock.
struct PowerSample {
  double before_s = 0;  ///< when reading began
  double after_s = 0;   ///< and when the value was there
  Reading value;
  bool valid = true;  ///< false: reading failed; the value means nothing

  double time_s() const { return (before_s + after_s) / 2; }
};

/// Everything one sensor said in a session, in order of time.
struct PowerTrace {
  SensorInfo info;
  double update_s = 0;  ///< time between changes of its value (calibration); 0: not known
  std::vector<PowerSample> samples;
};

}  // namespace edgetran::profile
