#include "service/doctor/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/process.h"
#include "base/version.h"
#include "service/doctor/machine_checks.h"
#include "service/doctor/place_checks.h"
#include "service/doctor/program_checks.h"

namespace edgetran::service {

namespace {

void append(Checks& checks, Checks more) { std::ranges::move(more, std::back_inserter(checks)); }

}  // namespace

Diagnosis diagnose(const DoctorOptions& options) {
  Diagnosis diagnosis;
  Checks& checks = diagnosis.checks;
  checks.push_back({"programs", "edgetran", CheckStatus::kOk,
                    fmt::format("{}, in {}", base::kVersion, base::executable_folder().string()),
                    ""});
  auto agent = check_agent(options.programs / "edgetran-agent", options.limit_s);
  diagnosis.measures = agent.measures;
  append(checks, std::move(agent.checks));
  // With the other programs, before what the agent says of the machine.
  const auto after_programs = std::ranges::find_if(
      checks, [](const DoctorCheck& check) { return check.group != "programs"; });
  checks.insert(after_programs,
                check_worker(options.programs / "edgetran-worker", options.limit_s));
  append(checks, check_machine(options.root));
  checks.push_back(check_folder("this folder", options.folder));
  checks.push_back(check_folder("cache", options.cache));
  append(checks, check_cards(options.cards));
  append(checks, check_tools(options.limit_s));
  return diagnosis;
}

}  // namespace edgetran::service
