#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace edgetran::profile::sensors {

// The part of NVIDIA's management library (NVML API Reference Guide, release 12) that is used here.
// Its header is not needed to build; the library is loaded where it is installed.

using NvmlDevice = struct NvmlDeviceTag*;

/// nvmlReturn_t, as far as the program tells them apart.
enum NvmlReturn : int {
  kNvmlSuccess = 0,
  kNvmlNotSupported = 3,
  kNvmlNoPermission = 4,
  kNvmlDriverNotLoaded = 9,
  kNvmlGpuIsLost = 15,
  kNvmlVersionMismatch = 18,
  kNvmlUnknown = 999,
};

/// nvmlValueType_t
enum NvmlValueType : int {
  kNvmlDouble = 0,
  kNvmlUnsignedInt = 1,
  kNvmlUnsignedLong = 2,
  kNvmlUnsignedLongLong = 3,
  kNvmlSignedLongLong = 4,
  kNvmlSignedInt = 5,
};

/// nvmlFieldValue_t
struct NvmlFieldValue {
  unsigned int field = 0;
  unsigned int scope = 0;
  long long timestamp_us = 0;
  long long latency_us = 0;
  int value_type = 0;  ///< NvmlValueType
  int status = 0;      ///< NvmlReturn of this field
  union {
    double as_double;
    int as_int;
    unsigned int as_unsigned;
    unsigned long as_unsigned_long;
    unsigned long long as_unsigned_long_long;
    long long as_long_long;
  } value{};
};

// Fields of nvmlDeviceGetFieldValues, in milliwatts.
inline constexpr unsigned int kNvmlPowerAverage = 185;
inline constexpr unsigned int kNvmlPowerInstant = 186;

// nvmlDeviceArchitecture_t
inline constexpr unsigned int kNvmlAmpere = 7;

/// Entry points; those marked optional are null in old libraries.
struct NvmlFunctions {
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  const char* (*error_string)(int) = nullptr;
  int (*device_count)(unsigned int*) = nullptr;
  int (*device_by_index)(unsigned int, NvmlDevice*) = nullptr;
  int (*name)(NvmlDevice, char*, unsigned int) = nullptr;
  int (*uuid)(NvmlDevice, char*, unsigned int) = nullptr;
  int (*power_usage)(NvmlDevice, unsigned int*) = nullptr;
  int (*total_energy)(NvmlDevice, unsigned long long*) = nullptr;          // optional
  int (*field_values)(NvmlDevice, int, NvmlFieldValue*) = nullptr;         // optional
  int (*limit_range)(NvmlDevice, unsigned int*, unsigned int*) = nullptr;  // optional
  int (*architecture)(NvmlDevice, unsigned int*) = nullptr;                // optional
};

/// The loaded and initialised library; shut down and closed at the end.
class NvmlLibrary {
 public:
  /// kNotFound: it cannot be loaded. kDevice, kPermission: it does not initialise; kDevice: a
  /// function is missing.
  static base::Result<std::shared_ptr<const NvmlLibrary>> load(const std::string& path);
  ~NvmlLibrary();
  NvmlLibrary(const NvmlLibrary&) = delete;
  NvmlLibrary& operator=(const NvmlLibrary&) = delete;

  const NvmlFunctions& functions() const { return functions_; }
  /// What a function's result other than success means: kPermission or kDevice, with a hint.
  base::Error error(std::string_view subject, std::string_view function, int code) const;

 private:
  NvmlLibrary() = default;
  base::Status bind();

  void* handle_ = nullptr;
  bool initialised_ = false;
  NvmlFunctions functions_;
};

}  // namespace edgetran::profile::sensors
