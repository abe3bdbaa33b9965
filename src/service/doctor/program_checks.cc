#include "service/doctor/program_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "base/version.h"
#include "service/doctor/service_program.h"

namespace edgetran::service {

namespace {

using base::ErrorCategory;
using base::Json;
using Started = base::Result<std::unique_ptr<ServiceProgram>>;

constexpr const char* kPrograms = "programs";
constexpr const char* kMeasuring = "measuring";

/// Fields of another program's JSON, which may say anything.
std::string text_of(const Json& object, const char* key) {
  const auto field = object.is_object() ? object.find(key) : object.end();
  return field != object.end() && field->is_string() ? field->get<std::string>() : std::string();
}
const Json& list_of(const Json& object, const char* key) {
  static const Json none = Json::array();
  const auto field = object.is_object() ? object.find(key) : object.end();
  return field != object.end() && field->is_array() ? *field : none;
}
std::string words_of(const Json& list) {
  std::vector<std::string> words;
  for (const auto& word : list)
    if (word.is_string()) words.push_back(word.get<std::string>());
  return base::join_words(words);
}

/// A program that could not be started or does not answer.
DoctorCheck not_answering(const std::filesystem::path& program, const base::Error& error) {
  const std::string name = program.filename().string();
  DoctorCheck check{.group = kPrograms, .name = name, .status = CheckStatus::kFailed};
  check.seen = error.message;
  if (error.category == ErrorCategory::kNotFound) check.status = CheckStatus::kMissing;
  // The usual causes: not built, or built for another engine than is there now.
  check.fix =
      error.category == ErrorCategory::kPermission
          ? ""
          : fmt::format("cmake --build build --target {}   # in EdgeTran's source folder", name);
  return check;
}

DoctorCheck answering(const std::string& name, const ServiceProgram& program) {
  const wire::Hello& hello = program.hello();
  DoctorCheck check{.group = kPrograms, .name = name};
  check.seen = fmt::format("{}, answers after {:.1f} s", hello.version, program.answered_in_s());
  if (hello.version != base::kVersion) {
    check.status = CheckStatus::kWarning;
    check.seen += fmt::format("; this program is {}", base::kVersion);
    check.fix = "cmake --build build   # in EdgeTran's source folder";
  }
  return check;
}

bool is_available(const Json& runtime) {
  const auto field = runtime.is_object() ? runtime.find("available") : runtime.end();
  return field != runtime.end() && field->is_boolean() && field->get<bool>();
}
bool is_modelled(const Json& runtime) { return text_of(runtime, "kind") == "modelled"; }

DoctorCheck runtime_check(const Json& runtime) {
  DoctorCheck check{.group = kMeasuring, .name = "runtime " + text_of(runtime, "name")};
  if (!is_available(runtime)) {
    check.status = CheckStatus::kMissing;
    check.seen = text_of(runtime, "reason");
    if (check.seen.empty()) check.seen = "not available";
    return check;
  }
  const std::string version = text_of(runtime, "version");
  const std::string devices = words_of(list_of(runtime, "devices"));
  const std::string precisions = words_of(list_of(runtime, "precisions"));
  check.seen = version;
  if (!devices.empty()) check.seen += fmt::format(" on {}", devices);
  if (!precisions.empty()) check.seen += fmt::format("; {}", precisions);
  if (is_modelled(runtime)) check.seen += "; gives modelled figures, measures nothing";
  return check;
}

/// Taken for the least time there is, and gone with the agent.
DoctorCheck lease_check(ServiceProgram& agent) {
  DoctorCheck check{.group = kMeasuring, .name = "machine is free"};
  const auto reply = agent.ask("lease", {{"seconds", 1}, {"exclusive", true}});
  if (reply) {
    check.seen = "the exclusive lease can be had";
    return check;
  }
  const bool held = reply.error().category == ErrorCategory::kResource;
  check.status = held ? CheckStatus::kWarning : CheckStatus::kFailed;
  check.seen = reply.error().message;
  if (held) check.seen += "; measurements wait for it to end";
  return check;
}

/// One check a driver: "package-0, package-0/core and psys; package, psys".
void add_sensors(const Json& sensors, Checks& checks) {
  std::vector<std::string> drivers;
  std::map<std::string, std::pair<std::vector<std::string>, std::vector<std::string>>> found;
  for (const auto& sensor : sensors) {
    const std::string driver = text_of(sensor, "driver");
    auto& [channels, boundaries] = found[driver];
    if (channels.empty()) drivers.push_back(driver);
    channels.push_back(text_of(sensor, "channel"));
    const std::string boundary = text_of(sensor, "boundary");
    if (std::ranges::find(boundaries, boundary) == boundaries.end()) boundaries.push_back(boundary);
  }
  for (const std::string& driver : drivers) {
    const auto& [channels, boundaries] = found[driver];
    checks.push_back({.group = kPowerGroup,
                      .name = driver,
                      .seen = fmt::format("{}; measures at: {}", base::join_words(channels),
                                          base::join_words(boundaries))});
  }
}

/// One check a driver and fix; the first source stands for the others, whose trouble is the same.
void add_problems(const Json& problems, Checks& checks) {
  struct Same {
    DoctorCheck check;
    int more = 0;
  };
  std::vector<Same> list;
  for (const auto& problem : problems) {
    const bool refused =
        base::category_from_name(text_of(problem, "category")) == ErrorCategory::kPermission;
    DoctorCheck check{.group = kPowerGroup, .name = text_of(problem, "driver")};
    check.status = refused ? CheckStatus::kMissing : CheckStatus::kFailed;
    check.seen = text_of(problem, "message");
    check.fix = text_of(problem, "fix");
    const auto same = std::ranges::find_if(list, [&](const Same& other) {
      return other.check.name == check.name && other.check.status == check.status &&
             other.check.fix == check.fix;
    });
    if (same != list.end()) {
      ++same->more;
    } else {
      list.push_back({std::move(check), 0});
    }
  }
  for (Same& same : list) {
    if (same.more > 0) same.check.seen += fmt::format(" (and {} more)", same.more);
    checks.push_back(std::move(same.check));
  }
}

void add_power(const Json& capabilities, Checks& checks) {
  const size_t before = checks.size();
  add_sensors(list_of(capabilities, "sensors"), checks);
  const bool any = checks.size() > before;
  add_problems(list_of(capabilities, "sensor_problems"), checks);
  if (any) return;
  DoctorCheck none{.group = kPowerGroup, .name = "sensors", .status = CheckStatus::kMissing};
  none.seen = !capabilities.contains("sensors") ? "this agent does not say which it has"
              : checks.size() > before ? "none can be read, so there are no figures of energy"
                                       : "none on this machine, so there are no figures of energy";
  checks.insert(checks.begin() + static_cast<ptrdiff_t>(before), std::move(none));
}

}  // namespace

AgentFindings check_agent(const std::filesystem::path& program, double limit_s) {
  constexpr const char* kName = "edgetran-agent";
  AgentFindings found;
  const Started agent = ServiceProgram::start(program, "agent", limit_s);
  if (!agent) {
    found.checks.push_back(not_answering(program, agent.error()));
    return found;
  }
  found.checks.push_back(answering(kName, **agent));
  const auto capabilities = (*agent)->ask("capabilities", Json::object());
  if (!capabilities) {
    found.checks.push_back({kMeasuring, "capabilities", CheckStatus::kFailed,
                            capabilities.error().message, capabilities.error().hint});
    return found;
  }
  for (const auto& runtime : list_of(*capabilities, "runtimes")) {
    found.checks.push_back(runtime_check(runtime));
    if (is_available(runtime) && !is_modelled(runtime)) found.measures = true;
  }
  if (!found.measures) {
    found.checks.push_back({kMeasuring, "runtimes", CheckStatus::kFailed,
                            "none that measures is available",
                            "scripts/setup && make build   # in EdgeTran's source folder"});
  }
  found.checks.push_back(lease_check(**agent));
  add_power(*capabilities, found.checks);
  return found;
}

DoctorCheck check_worker(const std::filesystem::path& program, double limit_s) {
  constexpr const char* kName = "edgetran-worker";
  const Started worker = ServiceProgram::start(program, "train", limit_s);
  if (!worker) return not_answering(program, worker.error());
  DoctorCheck check = answering(kName, **worker);
  constexpr std::string_view kEngine = "libtorch-";
  for (const std::string& capability : (*worker)->hello().capabilities) {
    if (capability.starts_with(kEngine)) {
      check.seen += fmt::format("; libtorch {}", capability.substr(kEngine.size()));
    }
  }
  return check;
}

}  // namespace edgetran::service
