#pragma once

#include <filesystem>

#include "service/doctor/check.h"

namespace edgetran::service {

/// What the agent of this machine says of itself: whether it runs, its runtimes, the lease, sensors
/// of power.
struct AgentFindings {
  Checks checks;
  bool measures = false;  ///< it answers and has a runtime that really measures
};
AgentFindings check_agent(const std::filesystem::path& program, double limit_s);

/// Whether the trainer runs, and with which engine.
DoctorCheck check_worker(const std::filesystem::path& program, double limit_s);

}  // namespace edgetran::service
