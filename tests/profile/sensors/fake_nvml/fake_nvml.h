#pragma once

/// What the fake library fake_nvml.so says. Tests set it through its symbol `fake_nvml_script`.
struct FakeNvmlScript {
  int init = 0;  ///< results of the functions, as nvmlReturn_t
  int count_result = 0;
  int handle_result = 0;
  int energy_result = 0;
  int instant_result = 0;  ///< of the field
  int average_result = 0;
  int usage_result = 0;

  unsigned int devices = 1;
  unsigned long long energy_mj = 0;
  int field_type = 1;  ///< nvmlValueType_t: unsigned int
  unsigned int instant_mw = 0;
  unsigned int average_mw = 0;
  unsigned int usage_mw = 0;
  unsigned int highest_limit_mw = 0;  ///< 0: not supported
  unsigned int architecture = 9;
  const char* name = "NVIDIA H100 80GB HBM3";

  int inits = 0;  ///< calls
  int shutdowns = 0;
};
