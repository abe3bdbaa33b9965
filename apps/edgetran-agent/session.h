#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// What one session is told on the command line.
struct SessionSettings {
  uint64_t memory_limit_bytes = 0;    ///< 0: none
  std::filesystem::path lock_file;    ///< of the exclusive lease
  std::vector<std::string> programs;  ///< NAME=COMMAND: runtimes that are programs
  std::vector<std::string> sensors;   ///< `{driver: ina219, ...}`: sensors that cannot be found
  double hello_s = 0;                 ///< the client must say hello by then; 0: no limit
  double idle_s = 0;                  ///< an idle client without a lease is dropped; 0: never
  std::string peer;                   ///< who the client is, for the log; empty: not known
};

/// Serves one client on standard input and output. Returns the exit code.
int serve_stdio(const SessionSettings& settings);
