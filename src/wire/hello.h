#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace edgetran::wire {

/// Version of the messages that this program speaks, and the oldest that it still serves.
inline constexpr int kProtocol = 1;
inline constexpr int kOldestProtocol = 1;

/// What each side says of itself in `hello`.
struct Hello {
  int protocol = kProtocol;
  int oldest = kOldestProtocol;
  std::string program;  ///< "edgetran", "edgetran-agent", ...
  std::string version;  ///< of the program
  std::string service;  ///< client: the service it wants; server: the service it is
  std::vector<std::string> capabilities;
};

base::Json hello_json(const Hello& hello);
/// kUsage where a field is missing or of the wrong type; unknown fields are let through, because
/// a newer peer may say more.
base::Result<Hello> read_hello(const base::Json& json);

/// The newest version both speak. kProtocol where there is none, or the services differ; the
/// message names both sides' versions.
base::Result<int> negotiate(const Hello& ours, const Hello& theirs);

}  // namespace edgetran::wire
