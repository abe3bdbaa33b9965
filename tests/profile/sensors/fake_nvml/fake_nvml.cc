// Stands in for libnvidia-ml.so.1: the same C functions (NVML API Reference Guide), with scripted
// answers. Built twice; FAKE_NVML_OLD leaves out what libraries of 2013 did not have.

#include "profile/sensors/fake_nvml/fake_nvml.h"

#include <cstdint>
#include <cstdio>

namespace {

FakeNvmlScript script;

// A device's handle is its number and one: never null.
unsigned int index_of(void* device) {
  return static_cast<unsigned int>(reinterpret_cast<uintptr_t>(device)) - 1;
}

#ifndef FAKE_NVML_OLD

constexpr int kNotSupported = 3;

// Written out here once more, so that a wrong layout in the driver shows.
struct FieldValue {
  unsigned int fieldId;
  unsigned int scopeId;
  long long timestamp;
  long long latencyUsec;
  unsigned int valueType;
  int nvmlReturn;
  union {
    double dVal;
    int siVal;
    unsigned int uiVal;
    unsigned long ulVal;
    unsigned long long ullVal;
    signed long long sllVal;
    unsigned short usVal;
  } value;
};

void fill(FieldValue& field, int result, unsigned int milliwatts) {
  field.nvmlReturn = result;
  field.valueType = static_cast<unsigned int>(script.field_type);
  switch (script.field_type) {
    case 0:
      field.value.dVal = milliwatts;
      break;
    case 2:
      field.value.ulVal = milliwatts;
      break;
    case 3:
      field.value.ullVal = milliwatts;
      break;
    case 4:
      field.value.sllVal = milliwatts;
      break;
    case 5:
      field.value.siVal = static_cast<int>(milliwatts);
      break;
    default:
      field.value.uiVal = milliwatts;
  }
}

#endif

}  // namespace

extern "C" {

FakeNvmlScript* fake_nvml_script() { return &script; }

int nvmlInit_v2() {
  ++script.inits;
  return script.init;
}
int nvmlShutdown() {
  ++script.shutdowns;
  return 0;
}
const char* nvmlErrorString(int code) {
  return code == 15 ? "GPU is lost" : code == 4 ? "Insufficient Permissions" : "Some Error";
}
int nvmlDeviceGetCount_v2(unsigned int* count) {
  *count = script.devices;
  return script.count_result;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void** device) {
  *device = reinterpret_cast<void*>(uintptr_t{index} + 1);
  return script.handle_result;
}
int nvmlDeviceGetName(void* /*device*/, char* text, unsigned int size) {
  std::snprintf(text, size, "%s", script.name);
  return 0;
}
int nvmlDeviceGetUUID(void* device, char* text, unsigned int size) {
  std::snprintf(text, size, "GPU-00000000-0000-0000-0000-00000000000%u", index_of(device));
  return 0;
}
int nvmlDeviceGetPowerUsage(void* /*device*/, unsigned int* milliwatts) {
  *milliwatts = script.usage_mw;
  return script.usage_result;
}

#ifndef FAKE_NVML_OLD
int nvmlDeviceGetTotalEnergyConsumption(void* /*device*/, unsigned long long* millijoules) {
  *millijoules = script.energy_mj;
  return script.energy_result;
}
int nvmlDeviceGetFieldValues(void* /*device*/, int count, void* fields) {
  auto* field = static_cast<FieldValue*>(fields);
  for (int i = 0; i < count; ++i) {
    if (field[i].fieldId == 186) {
      fill(field[i], script.instant_result, script.instant_mw);
    } else if (field[i].fieldId == 185) {
      fill(field[i], script.average_result, script.average_mw);
    } else {
      field[i].nvmlReturn = kNotSupported;
    }
  }
  return 0;
}
int nvmlDeviceGetPowerManagementLimitConstraints(void* /*device*/, unsigned int* low,
                                                 unsigned int* high) {
  if (script.highest_limit_mw == 0) return kNotSupported;
  *low = script.highest_limit_mw / 2;
  *high = script.highest_limit_mw;
  return 0;
}
int nvmlDeviceGetArchitecture(void* /*device*/, unsigned int* architecture) {
  *architecture = script.architecture;
  return 0;
}
#endif

}  // extern "C"
