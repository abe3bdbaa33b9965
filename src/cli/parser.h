#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "service/request.h"

namespace edgetran::cli {

/// What a command line asks for: a request to run, or a text to show.
struct Invocation {
  const service::Operation* operation = nullptr;  ///< null: show `text`
  service::Arguments arguments{};
  std::string format = "table";
  bool quiet = false;
  std::string text{};
};

/// Formats of a reply, for every reading command.
inline const std::vector<std::string> kFormats = {"table", "json", "jsonl", "csv", "md"};

/// Flag of a setting: "memory_limit" -> "--memory-limit".
std::string flag_of(const std::string& setting);

/// Reads a command line over the declared operations. Unknown commands and flags are usage errors
/// that name the nearest known one.
base::Result<Invocation> parse_command_line(const std::vector<service::Operation>& operations,
                                            int argc, const char* const* argv);

}  // namespace edgetran::cli
