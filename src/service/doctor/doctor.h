#pragma once

#include <filesystem>

#include "service/doctor/check.h"

namespace edgetran::service {

/// What is looked at. Nothing of it is changed, and nothing needs root.
struct DoctorOptions {
  std::filesystem::path programs;           ///< folder of edgetran-agent and edgetran-worker
  std::filesystem::path cache;              ///< where prepared data sets go
  std::filesystem::path cards = "devices";  ///< folder of device cards
  std::filesystem::path folder = ".";       ///< where results would go
  std::filesystem::path root = "/";         ///< of /proc and /sys, so that fixtures can stand in
  double limit_s = 30;                      ///< each program may take so long to answer
};

struct Diagnosis {
  Checks checks;
  bool measures = false;  ///< what is necessary works: models can be measured on this machine
};

/// Looks at everything. Programs that are missing, hang, die or talk nonsense are findings; each is
/// ended, and none takes longer than twice the limit.
Diagnosis diagnose(const DoctorOptions& options);

}  // namespace edgetran::service
