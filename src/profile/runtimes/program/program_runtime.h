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
  std::string name;  ///< of the runtime: "onnxruntime"
  /// Program and arguments; never from a peer. A program without a folder is looked for beside the
  /// agent's own executable first, then in PATH.
  std::vector<std::string> command;
  std::filesystem::path log;     ///< its stderr; empty: inherited
  double answer_timeout_s = 60;  ///< for what does not run the model
};

/// The program is started to be asked about, and anew for each runtime made; it ends with that. A
/// program that cannot be started or does not answer is an unavailable runtime that says why.
std::unique_ptr<RuntimeFactory> make_factory(ProgramOptions options);

/// The path of a program of this name in `folder`; the name as it is where there is none, and
/// where it has a folder of its own.
std::string find_beside(const std::string& program, const std::filesystem::path& folder);

/// "NAME=COMMAND" with the words of the command separated by blanks, quoted by ' or " where they
/// hold any. kUsage: no name (lower-case letters, digits, '-', '_'), no command, an open quote.
base::Result<ProgramOptions> read_program(const std::string& text);

}  // namespace edgetran::profile::program
