#pragma once

namespace edgetran::cli {

/// The whole program: reads the command line, runs the request, prints its reply on stdout and
/// messages on stderr. Returns the exit code (`edgetran help exit-codes`). Nothing is thrown.
int run_command_line(int argc, char** argv);

}  // namespace edgetran::cli
