#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "profile/runtime.h"

namespace edgetran::profile::program {

/// A runtime that is a program of its own, in any language, and serves the service `runtime` of
/// docs/protocol.md on its standard streams.
struct ProgramOptions {
  std::string name;                  ///< of the runtime: "onnxruntime"
  std::vector<std::string> command;  ///< program and arguments; never from a peer
  std::filesystem::path log;         ///< its stderr; empty: inherited
  double answer_timeout_s = 60;      ///< for what does not run the model
};

/// The program is started to be asked about, and anew for each runtime made; it ends with that. A
/// program that cannot be started or does not answer is an unavailable runtime that says why.
std::unique_ptr<RuntimeFactory> make_factory(ProgramOptions options);

/// "NAME=COMMAND" with the words of the command separated by blanks, quoted by ' or " where they
/// hold any. kUsage: no name (lower-case letters, digits, '-', '_'), no command, an open quote.
base::Result<ProgramOptions> read_program(const std::string& text);

}  // namespace edgetran::profile::program
