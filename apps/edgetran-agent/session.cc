#include "session.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <set>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "commit.h"
#include "confine.h"
#include "profile/agent.h"
#include "profile/runtimes/program/program_runtime.h"
#include "profile/runtimes/simulated/simulated_runtime.h"
#include "profile/sensors/find_sensors.h"
#include "profile/sensors/sensord_client.h"
#include "wire/service.h"
#ifdef EDGETRAN_WITH_OPENVINO
#include "profile/runtimes/openvino/openvino_runtime.h"
#endif

namespace {

using edgetran::base::ErrorCategory;
using edgetran::base::LogLevel;

using Runtimes = std::vector<std::unique_ptr<edgetran::profile::RuntimeFactory>>;

/// Those of this build, and the programs of the command line, whose names must be new.
edgetran::base::Result<Runtimes> runtimes(const std::vector<std::string>& programs) {
  Runtimes list;
#ifdef EDGETRAN_WITH_OPENVINO
  list.push_back(edgetran::profile::openvino::make_factory());
#else
  list.push_back(edgetran::profile::unavailable_runtime(
      "openvino", "this agent was built without OpenVINO",
      "build it with -DEDGETRAN_ENGINES=ON, or choose a simulated board"));
#endif
  list.push_back(edgetran::profile::simulated::make_factory());
  std::set<std::string> names = {"openvino", "simulated"};
  for (const std::string& text : programs) {
    EDGETRAN_ASSIGN(auto program, edgetran::profile::program::read_program(text));
    if (!names.insert(program.name).second) {
      return edgetran::base::fail(ErrorCategory::kUsage,
                                  "there are two runtimes \"" + program.name + "\"");
    }
    list.push_back(edgetran::profile::program::make_factory(std::move(program)));
  }
  return list;
}

/// The protocol gets descriptors of its own; whatever a library prints goes to stderr, and nothing
/// reads from the stream of messages.
struct Streams {
  int in = -1;
  int out = -1;
};
Streams take_streams() {
  const Streams streams{::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3),
                        ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)};
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  ::close(nothing);
  return streams;
}

void say(const std::string& peer, const std::string& text) {
  edgetran::base::Logger("edgetran-agent", LogLevel::kError)
      .write(LogLevel::kError, peer.empty() ? text : peer + ": " + text);
}

/// Says what a client of the network was refused, as often and as long as a log can bear.
class Refusals {
 public:
  explicit Refusals(std::string peer) : peer_(std::move(peer)) {}
  void operator()(const edgetran::base::Error& error) {
    const int said = said_->fetch_add(1);
    if (said < kMost) {
      say(peer_, "refused: " + error.message.substr(0, kLongest));
    } else if (said == kMost) {
      say(peer_, "further refusals of this session are not logged");
    }
  }

 private:
  static constexpr int kMost = 100;
  static constexpr size_t kLongest = 300;
  std::string peer_;
  std::shared_ptr<std::atomic<int>> said_ = std::make_shared<std::atomic<int>>(0);
};

/// The error on stderr as a line of the log; its exit code.
int failed(const std::string& peer, const edgetran::base::Error& error) {
  say(peer, error.hint.empty() ? error.message : error.message + "; " + error.hint);
  return edgetran::base::exit_code(error.category);
}

edgetran::wire::ServeOptions serve_options(const SessionSettings& settings,
                                           edgetran::profile::Agent& agent, uint64_t blob_bytes) {
  edgetran::wire::ServeOptions options;
  options.max_blob_bytes = blob_bytes;
  options.hello_s = settings.hello_s;
  options.idle_s = settings.idle_s;
  options.keeps_place = [&agent] { return agent.leased(); };
  if (!settings.peer.empty()) options.refused = Refusals(settings.peer);
  // An engine that compiles cannot be told to stop; with its client gone, its lease must not stay.
  options.abandon = [peer = settings.peer] {
    say(peer, "the client has gone and its request does not stop: the session ends");
    ::_exit(edgetran::base::exit_code(ErrorCategory::kProtocol));
  };
  return options;
}

}  // namespace

int serve_stdio(const SessionSettings& settings) {
  auto list = runtimes(settings.programs);
  if (!list) return failed(settings.peer, list.error());
  confine(settings.memory_limit_bytes);
  const Streams streams = take_streams();
  edgetran::base::SystemClock clock;
  edgetran::profile::AgentOptions options;
  options.runtimes = std::move(*list);
  options.lock_file = settings.lock_file;
  options.calibrations =
      settings.lock_file.empty()
          ? std::filesystem::path()
          : std::filesystem::path(settings.lock_file).replace_extension(".calibrations.json");
  options.commit = kCommit;
  options.find_sensors = [declared = settings.sensors] {
    namespace sensors = edgetran::profile::sensors;
    return sensors::find_sensors(sensors::with_sensord({}), declared);
  };
  edgetran::wire::ConnectionOptions connection_options;
  connection_options.limits.blob_bytes = options.model_bytes;
  edgetran::profile::Agent agent(std::move(options), clock);
  edgetran::wire::Connection connection(streams.in, streams.out, connection_options);
  const auto status =
      edgetran::wire::serve(connection, agent.service(),
                            serve_options(settings, agent, connection_options.limits.blob_bytes));
  return status ? 0 : failed(settings.peer, status.error());
}
