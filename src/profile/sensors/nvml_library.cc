#include "profile/sensors/nvml_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace edgetran::profile::sensors {
namespace {

using base::ErrorCategory;
using base::fail;

template <class Function>
void bind_symbol(void* handle, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(::dlsym(handle, name));
}

std::string_view hint_of(int code) {
  switch (code) {
    case kNvmlNoPermission:
      return "run the agent as a user that may open /dev/nvidiactl";
    case kNvmlDriverNotLoaded:
      return "sudo modprobe nvidia";
    case kNvmlGpuIsLost:
      return "the accelerator fell off its bus; restart the machine";
    case kNvmlVersionMismatch:
      return "the driver was updated while it ran; restart the machine";
    default:
      return "";
  }
}

}  // namespace

base::Result<std::shared_ptr<const NvmlLibrary>> NvmlLibrary::load(const std::string& path) {
  std::shared_ptr<NvmlLibrary> library(new NvmlLibrary);
  library->handle_ = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library->handle_ == nullptr) {
    const char* reason = ::dlerror();  // NOLINT(concurrency-mt-unsafe)
    return fail(ErrorCategory::kNotFound,
                fmt::format("cannot load {}: {}", path, reason != nullptr ? reason : "unknown"),
                "install the driver's user-space library (Debian: libnvidia-ml1)");
  }
  EDGETRAN_TRY(library->bind());
  const int code = library->functions_.init();
  if (code != kNvmlSuccess) return fail(library->error(path, "nvmlInit_v2", code));
  library->initialised_ = true;
  return std::shared_ptr<const NvmlLibrary>(std::move(library));
}

base::Status NvmlLibrary::bind() {
  NvmlFunctions& f = functions_;
  bind_symbol(handle_, "nvmlInit_v2", f.init);
  bind_symbol(handle_, "nvmlShutdown", f.shutdown);
  bind_symbol(handle_, "nvmlErrorString", f.error_string);
  bind_symbol(handle_, "nvmlDeviceGetCount_v2", f.device_count);
  bind_symbol(handle_, "nvmlDeviceGetHandleByIndex_v2", f.device_by_index);
  bind_symbol(handle_, "nvmlDeviceGetName", f.name);
  bind_symbol(handle_, "nvmlDeviceGetUUID", f.uuid);
  bind_symbol(handle_, "nvmlDeviceGetPowerUsage", f.power_usage);
  bind_symbol(handle_, "nvmlDeviceGetTotalEnergyConsumption", f.total_energy);
  bind_symbol(handle_, "nvmlDeviceGetFieldValues", f.field_values);
  bind_symbol(handle_, "nvmlDeviceGetPowerManagementLimitConstraints", f.limit_range);
  bind_symbol(handle_, "nvmlDeviceGetArchitecture", f.architecture);
  const bool complete = f.init != nullptr && f.shutdown != nullptr && f.error_string != nullptr &&
                        f.device_count != nullptr && f.device_by_index != nullptr &&
                        f.name != nullptr && f.uuid != nullptr && f.power_usage != nullptr;
  if (complete) return {};
  return fail(ErrorCategory::kDevice, "NVIDIA's management library lacks a function of 2013",
              "update the driver");
}

NvmlLibrary::~NvmlLibrary() {
  if (initialised_) functions_.shutdown();
  if (handle_ != nullptr) ::dlclose(handle_);
}

base::Error NvmlLibrary::error(std::string_view subject, std::string_view function,
                               int code) const {
  const char* words = functions_.error_string(code);
  return {code == kNvmlNoPermission ? ErrorCategory::kPermission : ErrorCategory::kDevice,
          fmt::format("{}: {} says {} ({})", subject, function,
                      words != nullptr ? words : "an unknown error", code),
          std::string(hint_of(code))};
}

}  // namespace edgetran::profile::sensors
