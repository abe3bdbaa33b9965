// edgetran-agent: lives on the board, runs a model and measures it. Speaks docs/protocol.md on its
// standard streams, or listens for clients and serves each in a process of its own.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "base/version.h"
#include "confine.h"
#include "listener.h"
#include "meter.h"
#include "session.h"
#include "wire/endpoint.h"

namespace {

using edgetran::base::ErrorCategory;
using edgetran::base::Logger;
using edgetran::base::LogLevel;

/// Options of this group are those of a session: a listener hands them on as they were given.
constexpr const char* kBoard = "Board";
constexpr const char* kNetwork = "Network";

/// What a client of the network may take its time for; the client of standard streams is the
/// program that started this one.
constexpr double kHelloS = 10;
constexpr double kIdleS = 60;

/// Where all agents of this user on this machine meet for the exclusive lease.
std::filesystem::path default_lock_file() {
  const char* runtime_folder = std::getenv("XDG_RUNTIME_DIR");
  const std::filesystem::path folder = runtime_folder != nullptr && *runtime_folder != '\0'
                                           ? std::filesystem::path(runtime_folder)
                                           : std::filesystem::temp_directory_path();
  return folder / ("edgetran-agent-" + std::to_string(::geteuid()) + ".lock");
}

struct Settings {
  bool stdio = false;
  std::string listen;
  std::string read_sensor;
  edgetran::wire::TlsFiles files;
  SessionSettings session;
};

void declare_board(CLI::App& app, SessionSettings& session) {
  app.add_option("--memory-limit", session.memory_limit_bytes,
                 "Most memory that the agent, and each runtime's program, may have for itself in\n"
                 "bytes; 0: no limit. Default: three quarters of this machine's")
      ->group(kBoard);
  app.add_option("--lock-file", session.lock_file,
                 "File by which agents on this machine take turns in measuring")
      ->capture_default_str()
      ->group(kBoard);
  app.add_option(
         "--runtime", session.programs,
         "NAME=COMMAND: a program that runs models (docs/protocol.md, \"Runtime\"); may be\n"
         "given several times")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group(kBoard);
  app.add_option(
         "--sensor", session.sensors,
         "{driver: ina219, bus: 1, ...}: a sensor that cannot be found; may be given several\n"
         "times")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group(kBoard);
}

void declare_network(CLI::App& app, Settings& settings) {
  app.add_option("--listen", settings.listen,
                 "Serve clients at HOST:PORT with mutual TLS 1.3, or at unix:PATH for this user\n"
                 "only, one at a time")
      ->group(kNetwork);
  app.add_option("--certificate", settings.files.certificate,
                 "Certificate to show on HOST:PORT (PEM)")
      ->group(kNetwork);
  app.add_option("--key", settings.files.key, "Its key (PEM, mode 0600)")->group(kNetwork);
  app.add_option("--authority", settings.files.authority,
                 "Whom to believe (PEM): authorities of clients' certificates, or the certificates")
      ->group(kNetwork);
  app.add_option("--hello-limit", settings.session.hello_s,
                 "Seconds in which a client must say hello; 0: no limit (with --listen 10)")
      ->check(CLI::Range(0.0, 3600.0))
      ->group(kNetwork);
  app.add_option("--idle-limit", settings.session.idle_s,
                 "Seconds after which an idle client without a lease is dropped; 0: never (with\n"
                 "--listen 60)")
      ->check(CLI::Range(0.0, 86400.0))
      ->group(kNetwork);
  app.add_option("--peer", settings.session.peer, "Who the client is, for the log")
      ->group(kNetwork);
}

edgetran::base::Status wrong(std::string message, std::string hint) {
  return edgetran::base::fail(ErrorCategory::kUsage, std::move(message), std::move(hint));
}

/// What the listener needs, checked.
edgetran::base::Result<ListenSettings> listen_settings(const CLI::App& app,
                                                       const Settings& settings) {
  ListenSettings wanted;
  EDGETRAN_ASSIGN(wanted.endpoint, edgetran::wire::read_endpoint(settings.listen));
  const auto& files = settings.files;
  const bool all = !files.certificate.empty() && !files.key.empty() && !files.authority.empty();
  const bool none = files.certificate.empty() && files.key.empty() && files.authority.empty();
  if (wanted.endpoint.is_unix()) {
    if (!none) EDGETRAN_TRY(wrong("a Unix socket has no certificates", "leave them out"));
  } else if (!all) {
    EDGETRAN_TRY(wrong("listening on " + wanted.endpoint.text() +
                           " needs --certificate, --key and --authority, on loopback too",
                       "make them as docs/protocol.md says, or use unix:PATH or ssh"));
  } else {
    wanted.files = files;
  }
  const auto seconds = [](double given, double otherwise, const char* option, const CLI::App& of) {
    return std::to_string(of.count(option) > 0 ? given : otherwise);
  };
  wanted.session = {std::filesystem::read_symlink("/proc/self/exe").string(),
                    "--stdio",
                    "--hello-limit",
                    seconds(settings.session.hello_s, kHelloS, "--hello-limit", app),
                    "--idle-limit",
                    seconds(settings.session.idle_s, kIdleS, "--idle-limit", app)};
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group() != kBoard) continue;
    for (const std::string& value : option->results()) {
      wanted.session.push_back(option->get_name() + "=" + value);
    }
  }
  return wanted;
}

int failed(const edgetran::base::Error& error) {
  const std::string text = error.hint.empty() ? error.message : error.message + "; " + error.hint;
  Logger("edgetran-agent", LogLevel::kError).write(LogLevel::kError, text);
  return edgetran::base::exit_code(error.category);
}

int serve_network(const CLI::App& app, const Settings& settings) {
  const auto wanted = listen_settings(app, settings);
  if (!wanted) return failed(wanted.error());
  confine(0);  // it holds little; the memory of models is limited in each session
  Logger log("edgetran-agent", LogLevel::kInfo);
  const auto status = listen(*wanted, log);
  return status ? 0 : failed(status.error());
}

int run(int argc, char** argv) {
  CLI::App app(
      "EdgeTran's agent: runs and measures models on this board, for a client that speaks\n"
      "docs/protocol.md on the standard streams or over the network.");
  app.set_version_flag("--version", std::string("edgetran-agent ") + edgetran::base::kVersion);
  Settings settings;
  settings.session.memory_limit_bytes = default_memory_limit();
  settings.session.lock_file = default_lock_file();
  app.add_flag("--stdio", settings.stdio, "Serve one client on standard input and output");
  app.add_option("--read-sensor", settings.read_sensor,
                 "{driver: ina219, bus: 1, ...}: writes this sensor's power trace to standard\n"
                 "output as CSV until standard input ends");
  declare_board(app, settings.session);
  declare_network(app, settings);
  try {
    app.parse(argc, argv);
    const int ways = (settings.stdio ? 1 : 0) + (settings.listen.empty() ? 0 : 1) +
                     (settings.read_sensor.empty() ? 0 : 1);
    if (ways != 1) throw CLI::RequiredError("one of --stdio, --listen and --read-sensor");
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : edgetran::base::exit_code(ErrorCategory::kUsage);
  }
  if (!settings.read_sensor.empty()) return read_sensor(settings.read_sensor);
  return settings.stdio ? serve_stdio(settings.session) : serve_network(app, settings);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "edgetran-agent: %s\n", error.what());
    return edgetran::base::exit_code(ErrorCategory::kFailed);
  }
}
