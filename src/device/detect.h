#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "device/card.h"

namespace edgetran::device {

struct DetectOptions {
  std::filesystem::path root = "/";  ///< of /proc and /sys, so that fixtures can stand in
  int64_t batch = 1;
  int64_t length = 64;
  int64_t affinity_cores = 0;  ///< cores that the scheduler allows; 0: ask the system
};

struct Detected {
  Card card;
  std::vector<std::string> notes;  ///< why a deployment is missing, a sentence each
};

/// The board "this-machine" with deployments of the OpenVINO CPU runtime: one thread in fp32, all
/// cores in fp32, all cores in bf16 where the processor has bf16 instructions (AVX512-BF16 or AMX).
/// What is left out is explained in the notes. kDevice: the processor files cannot be read.
base::Result<Detected> detect_this_machine(const DetectOptions& options = {});

}  // namespace edgetran::device
