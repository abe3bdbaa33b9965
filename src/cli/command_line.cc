#include "cli/command_line.h"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "base/process.h"
#include "cli/interrupt.h"
#include "cli/parser.h"
#include "cli/printer.h"
#include "cli/progress.h"

namespace edgetran::cli {

namespace {

int report(const base::Error& error) {
  std::fputs(print_error(error).c_str(), stderr);
  return base::exit_code(error.category);
}

/// ${XDG_CACHE_HOME:-~/.cache}/edgetran; below the temporary folder where there is no home.
std::filesystem::path cache_folder() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache != '\0')
    return std::filesystem::path(cache) / "edgetran";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
    return std::filesystem::path(home) / ".cache" / "edgetran";
  return std::filesystem::temp_directory_path() / "edgetran-cache";
}

/// Writes to stdout; a full disk is an error, not silence.
int write_out(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (std::fflush(stdout) == 0 && written) return 0;
  if (errno == EPIPE) return 0;  // `edgetran ... | head` has seen enough
  return report({base::ErrorCategory::kResource, "cannot write to standard output", ""});
}

int run_invocation(const Invocation& invocation) {
  if (invocation.operation == nullptr) return write_out(invocation.text);
  base::SystemClock clock;
  ProgressPrinter progress(invocation.quiet);
  const base::CancelToken cancel;
  const InterruptHandler interrupts(cancel);
  service::Context context{.clock = clock,
                           .events = progress,
                           .cancel = cancel,
                           .programs = base::executable_folder(),
                           .cache = cache_folder()};
  auto reply = invocation.operation->run(context, invocation.arguments);
  if (!reply) return report(reply.error());
  const int written = write_out(print_reply(*reply, invocation.format));
  if (written != 0) return written;
  return reply->outcome ? base::exit_code(*reply->outcome) : 0;
}

}  // namespace

int run_command_line(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    auto invocation = parse_command_line(service::operations(), argc, argv);
    return invocation ? run_invocation(*invocation) : report(invocation.error());
  } catch (const std::bad_alloc&) {
    return report({base::ErrorCategory::kResource, "out of memory", ""});
  } catch (const std::exception& error) {
    return report({base::ErrorCategory::kFailed, fmt::format("internal error: {}", error.what()),
                   "this is a defect; please report it with the command line"});
  }
}

}  // namespace edgetran::cli
