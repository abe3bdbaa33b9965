#include "wire/hello.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/config.h"

namespace edgetran::wire {

base::Json hello_json(const Hello& hello) {
  return {{"protocol", hello.protocol}, {"oldest", hello.oldest},
          {"program", hello.program},   {"version", hello.version},
          {"service", hello.service},   {"capabilities", hello.capabilities}};
}

base::Result<Hello> read_hello(const base::Json& json) {
  EDGETRAN_ASSIGN(base::ConfigMap map,
                  base::ConfigMap::of(base::ConfigValue::from_json(json, "hello")));
  constexpr int64_t kHighest = 1'000'000;
  Hello hello;
  EDGETRAN_ASSIGN(const auto protocol, map.require("protocol"));
  EDGETRAN_ASSIGN(const int64_t newest, protocol.as_integer(1, kHighest));
  EDGETRAN_ASSIGN(const auto oldest_value, map.require("oldest"));
  EDGETRAN_ASSIGN(const int64_t oldest, oldest_value.as_integer(1, newest));
  hello.protocol = static_cast<int>(newest);
  hello.oldest = static_cast<int>(oldest);
  EDGETRAN_ASSIGN(const auto program, map.require("program"));
  EDGETRAN_ASSIGN(hello.program, program.as_string());
  EDGETRAN_ASSIGN(const auto version, map.require("version"));
  EDGETRAN_ASSIGN(hello.version, version.as_string());
  EDGETRAN_ASSIGN(const auto service, map.require("service"));
  EDGETRAN_ASSIGN(hello.service, service.as_string());
  if (const auto capabilities = map.find("capabilities")) {
    EDGETRAN_ASSIGN(hello.capabilities, capabilities->as_strings());
  }
  return hello;
}

base::Result<int> negotiate(const Hello& ours, const Hello& theirs) {
  if (ours.service != theirs.service) {
    return base::fail(base::ErrorCategory::kProtocol,
                      fmt::format("{} is the service \"{}\", but \"{}\" was asked for",
                                  ours.program, ours.service, theirs.service),
                      "start the program that belongs to the request");
  }
  const int common = std::min(ours.protocol, theirs.protocol);
  if (common < std::max(ours.oldest, theirs.oldest)) {
    return base::fail(
        base::ErrorCategory::kProtocol,
        fmt::format("no common protocol: {} {} speaks {} to {}, {} {} speaks {} to {}",
                    ours.program, ours.version, ours.oldest, ours.protocol, theirs.program,
                    theirs.version, theirs.oldest, theirs.protocol),
        "install versions of both programs that are at most one apart");
  }
  return common;
}

}  // namespace edgetran::wire
