#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "base/files.h"
#include "base/json.h"
#include "base/version.h"
#include "places.h"
#include "service/doctor/doctor.h"
#include "service/doctor/program_checks.h"

namespace edgetran::service {

inline constexpr double kLong_s = 30;    // nothing waits so long that goes well
inline constexpr double kShort_s = 0.5;  // for what hangs

inline const DoctorCheck* find(const Checks& checks, const std::string& name) {
  const auto found =
      std::ranges::find_if(checks, [&](const DoctorCheck& check) { return check.name == name; });
  return found == checks.end() ? nullptr : &*found;
}

/// This process's children, dead ones included.
inline std::string children() {
  return base::read_file(fmt::format("/proc/self/task/{}/children", ::getpid())).value_or("");
}

class Doctor : public ::testing::Test {
 protected:
  std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(path(name).parent_path());
    ASSERT_TRUE(base::write_file_atomic(path(name), text));
  }
  /// A program of this name that runs a script.
  std::filesystem::path program(const std::string& name, const std::string& script) const {
    write(name, "#!/bin/sh\n" + script);
    std::filesystem::permissions(path(name), std::filesystem::perms::owner_all);
    return path(name);
  }
  /// A program that serves, with these replies.
  std::filesystem::path service(const std::string& name, const std::string& service,
                                const base::Json& replies,
                                const std::string& version = base::kVersion) const {
    write(name + ".json", base::dump_json({{"version", version}, {"replies", replies}}));
    return program(name,
                   fmt::format("exec python3 {}/tests/service/fake_service.py {} {} \"$@\"\n",
                               places::source().string(), service, path(name + ".json").string()));
  }
  /// What an agent says that measures, with its sensors.
  static base::Json capabilities(const base::Json& more = base::Json::object()) {
    base::Json fields = {{"runtimes",
                          {{{"name", "openvino"},
                            {"version", "2025.4"},
                            {"kind", "measured"},
                            {"available", true},
                            {"reason", ""},
                            {"devices", {"CPU"}},
                            {"precisions", {"fp32", "bf16"}}},
                           {{"name", "simulated"},
                            {"version", "1"},
                            {"kind", "modelled"},
                            {"available", true},
                            {"reason", ""},
                            {"devices", {"CPU"}},
                            {"precisions", {"fp32"}}}}},
                         {"sensors", base::Json::array()},
                         {"sensor_problems", base::Json::array()}};
    fields.update(more);
    return fields;
  }
  AgentFindings agent(const base::Json& said, const base::Json& lease = {{"seconds", 1}}) const {
    return check_agent(
        service("edgetran-agent", "agent", {{"capabilities", said}, {"lease", lease}}), kLong_s);
  }

  base::TemporaryFolder folder_ = base::TemporaryFolder::create("doctor").value();
};

}  // namespace edgetran::service
