#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace edgetran::service {

enum class CheckStatus {
  kOk,
  kWarning,  ///< it works, but figures may suffer
  kMissing,  ///< not here; only what needs it does not work
  kFailed,   ///< here and does not work
};
/// "ok", "warning", "missing", "failed".
std::string_view status_name(CheckStatus status);

/// The group of sensors: energy can be measured where one of it is ok.
inline constexpr const char* kPowerGroup = "power";

/// One thing that doctor looked at.
struct DoctorCheck {
  std::string group;  ///< "programs", "measuring", "power", "machine", "files", "tools"
  std::string name;
  CheckStatus status = CheckStatus::kOk;
  std::string seen{};  ///< what is there, and what it means for measurements
  std::string fix{};   ///< one line for a shell; empty where there is none or none is needed
};
using Checks = std::vector<DoctorCheck>;

/// {"group", "name", "status", "seen", "fix"}.
base::Json check_json(const DoctorCheck& check);

/// The checks for people: groups, a symbol and a word each, fixes below, a sentence at the end.
/// Text of other programs in them is made safe to show.
std::string checks_text(const Checks& checks, bool measures);

}  // namespace edgetran::service
