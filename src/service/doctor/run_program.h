#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace edgetran::service {

/// What a program said (standard output, then standard error, at most 64 KiB each) and whether it
/// ended well.
struct ProgramOutput {
  bool success = false;
  std::string text;
};

/// Runs a program, which is looked for in PATH, without input. kNotFound, kPermission; kFailed: it
/// did not end within `limit_s`, and was ended.
base::Result<ProgramOutput> run_program(const std::vector<std::string>& arguments, double limit_s);

}  // namespace edgetran::service
