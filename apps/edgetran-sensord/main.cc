// edgetran-sensord: reads the processor's energy counters for programs that may not (README.md
// beside this file). Started by systemd, or as root.
#include <fmt/format.h>
#include <sys/auxv.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/log.h"
#include "base/result.h"
#include "base/system_error.h"
#include "base/version.h"
#include "profile/sensors/sensord_catalogue.h"
#include "profile/sensors/sensord_listener.h"
#include "profile/sensors/sensord_privileges.h"
#include "profile/sensors/sensord_protocol.h"
#include "profile/sensors/sensord_server.h"

namespace {

namespace sensors = edgetran::profile::sensors;
using edgetran::base::ErrorCategory;
using edgetran::base::Logger;
using edgetran::base::LogLevel;
using edgetran::base::Status;

struct Options {
  std::filesystem::path socket = std::string(sensors::kSensordSocket);
  std::filesystem::path root = "/";
  std::string group;
  std::string user = "nobody";
  int interval_ms = 1;
};

/// Readable when it is time to end: SIGTERM and SIGINT come by it alone.
edgetran::base::Result<edgetran::base::Descriptor> stop_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  edgetran::base::Descriptor stop(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!stop.valid()) {
    return edgetran::base::fail(
        ErrorCategory::kResource,
        "cannot wait for signals: " + edgetran::base::system_message(errno));
  }
  return stop;
}

edgetran::base::Result<sensors::SensordListener> listener(const Options& options,
                                                          const sensors::SensordUser& user) {
  EDGETRAN_ASSIGN(auto passed, sensors::inherited_listener());
  if (passed) return std::move(*passed);
  std::optional<gid_t> group;
  if (!options.group.empty()) {
    EDGETRAN_ASSIGN(group, sensors::find_group(options.group));
  }
  const bool root = ::geteuid() == 0;
  return sensors::make_listener(options.socket, group,
                                root ? std::optional<uid_t>(user.uid) : std::nullopt);
}

Status serve(const Options& options, Logger& logger) {
  // With the capability on its file anyone could start it, with a root of his own.
  if (::getauxval(AT_SECURE) != 0) {
    return edgetran::base::fail(ErrorCategory::kPermission,
                                "this program takes no rights from its file",
                                "sudo setcap -r FILE, and start it by edgetran-sensord.socket");
  }
  EDGETRAN_ASSIGN(const auto stop, stop_signals());
  sensors::SensordUser user;
  if (::geteuid() == 0) {
    EDGETRAN_ASSIGN(user, sensors::find_user(options.user));
  }
  EDGETRAN_ASSIGN(auto socket, listener(options, user));
  const auto work = [&]() -> Status {
    EDGETRAN_TRY(sensors::drop_privileges(user));
    EDGETRAN_ASSIGN(auto catalogue, sensors::SensordCatalogue::open(options.root));
    if (!sensors::may_read_all()) {
      logger.write(LogLevel::kWarning, "without CAP_DAC_READ_SEARCH: most files will be refused");
    }
    constexpr double kMilliseconds = 1e3;
    sensors::SensordOptions limits;
    limits.interval_s = options.interval_ms / kMilliseconds;
    edgetran::base::SystemClock clock;
    sensors::SensordServer server(
        socket, catalogue, limits, clock,
        [&](LogLevel level, std::string_view text) { logger.write(level, text); });
    logger.write(LogLevel::kInfo,
                 fmt::format("{} files, at {}", catalogue.names().size(), socket.path.native()));
    return server.run(stop.get());
  };
  const Status worked = work();
  const Status removed = sensors::remove_socket(socket);
  return worked ? removed : worked;
}

int run(int argc, char** argv) {
  CLI::App app(
      "Reads the processor's energy counters for programs that may not: the files of a fixed "
      "list,\n"
      "over a Unix socket. Started by systemd (edgetran-sensord.socket), or as root.");
  app.set_version_flag("--version", std::string("edgetran-sensord ") + edgetran::base::kVersion);
  Options options;
  app.add_option("--socket", options.socket, "Where to listen, unless systemd passes a socket")
      ->capture_default_str();
  app.add_option("--group", options.group, "Group whose members may connect; empty: its own");
  app.add_option("--user", options.user, "Where started as root: the user to go on as")
      ->capture_default_str();
  constexpr int kSlowest_ms = 1000;
  app.add_option("--interval-ms", options.interval_ms, "Least time between readings of a counter")
      ->check(CLI::Range(1, kSlowest_ms))
      ->capture_default_str();
  app.add_option("--root", options.root, "Folder that stands for /, for tests")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : edgetran::base::exit_code(ErrorCategory::kUsage);
  }
  Logger logger("edgetran-sensord", LogLevel::kInfo);
  const Status status = serve(options, logger);
  if (status) return 0;
  const auto& error = status.error();
  logger.write(LogLevel::kError,
               error.hint.empty() ? error.message : error.message + "; " + error.hint);
  return edgetran::base::exit_code(error.category);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "edgetran-sensord: %s\n", error.what());
    return edgetran::base::exit_code(ErrorCategory::kFailed);
  }
}
