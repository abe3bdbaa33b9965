#include "device/board_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/config.h"
#include "base/process.h"
#include "base/version.h"
#include "device/agent_client.h"
#include "device/meters.h"
#include "device/replay_check.h"
#include "device/ssh_command.h"

namespace edgetran::device {

namespace {

using base::Json;
using State = CheckLine::State;

/// What firmware and kernel keep for themselves of the memory on a data sheet.
constexpr double kMemoryShare = 0.8;

std::string text_of(const Json& json, const char* key) {
  const auto value = json.find(key);
  return value != json.end() && value->is_string() ? value->get<std::string>() : std::string();
}

std::vector<std::string> words_of(const Json& json, const char* key) {
  std::vector<std::string> words;
  const auto list = json.find(key);
  if (list == json.end() || !list->is_array()) return words;
  for (const Json& word : *list) {
    if (word.is_string()) words.push_back(word.get<std::string>());
  }
  return words;
}

int64_t integer_of(const Json& json, const char* key) {
  const auto value = json.find(key);
  return value != json.end() && value->is_number_integer() ? value->get<int64_t>() : 0;
}

/// The list of objects under `key`; empty where the agent does not have it.
std::vector<Json> objects_of(const Json& json, const char* key) {
  std::vector<Json> objects;
  const auto list = json.find(key);
  if (list == json.end() || !list->is_array()) return objects;
  std::copy_if(list->begin(), list->end(), std::back_inserter(objects),
               [](const Json& item) { return item.is_object(); });
  return objects;
}

/// How the agent is told of what it does not have, by the board's kind.
std::string start_with(const BoardInfo& board, const std::string& flag, const std::string& value) {
  const std::string words = fmt::format("{} {}", flag, shell_quoted(value));
  if (board.kind == BoardKind::kTls) return "start the agent there with " + words;
  if (board.kind == BoardKind::kLocal) return "install the edgetran-agent of this version";
  return fmt::format(
      "the agent was started without it: add {} to the forced command of "
      "authorized_keys, or to the script that starts it",
      words);
}

class Comparison {
 public:
  Comparison(const Card& card, const wire::Hello& about, const Json& capabilities)
      : card_(card), about_(about), capabilities_(capabilities) {}

  std::vector<CheckLine> run() {
    agent();
    if (card_.board.kind != BoardKind::kSimulated) host();
    for (const Deployment& wanted : card_.deployments) deployment(wanted);
    if (card_.board.kind != BoardKind::kSimulated) sensors();
    return std::move(lines_);
  }

 private:
  void add(std::string item, State state, std::string message, std::string fix = {}) {
    lines_.push_back({std::move(item), state, std::move(message), std::move(fix)});
  }

  void agent() {
    const std::string text = fmt::format("{} {}", about_.program, about_.version);
    if (about_.version == base::kVersion) return add("agent", State::kOk, text);
    add("agent", State::kWarning, fmt::format("{}; here is {}", text, base::kVersion),
        "install the same version on both machines");
  }

  void host() {
    const BoardInfo& board = card_.board;
    const Json host = capabilities_.value("host", Json::object());
    cores_ = integer_of(host, "cores");
    const std::string processor = text_of(host, "processor");
    if (cores_ > 0 && board.cores > cores_) {
      add("cores", State::kMissing,
          fmt::format("the card says {}, {} can be used there", board.cores, cores_),
          fmt::format("set cores: {} on the card, or lift the quota there", cores_));
    } else if (cores_ > 0) {
      add("cores", State::kOk, fmt::format("{} of {}", board.cores, cores_));
    }
    if (!board.processor.empty() && !processor.empty() && board.processor != processor) {
      add("processor", State::kWarning,
          fmt::format("the card says \"{}\", the board \"{}\"", board.processor, processor),
          "is it the board that is meant? correct the card");
    }
    const int64_t memory = integer_of(host, "memory_bytes");
    const double least = kMemoryShare * static_cast<double>(board.memory_bytes);
    if (memory > 0 && static_cast<double>(memory) < least) {
      add("memory", State::kWarning,
          fmt::format("the card says {} bytes, the board has {}", board.memory_bytes, memory),
          fmt::format("set memory_bytes: {} on the card", memory));
    }
  }

  void deployment(const Deployment& wanted) {
    const std::string item = "deployment " + wanted.name;
    std::vector<std::string> names;
    for (const Json& runtime : objects_of(capabilities_, "runtimes")) {
      names.push_back(text_of(runtime, "name"));
      if (names.back() == wanted.runtime) return with_runtime(item, wanted, runtime);
    }
    const auto declared = card_.board.runtimes.find(wanted.runtime);
    const auto near = base::nearest_name(wanted.runtime, names);
    std::string fix =
        near ? fmt::format("did you mean \"{}\"?", *near) : "install a newer edgetran-agent there";
    if (declared != card_.board.runtimes.end()) {
      fix = start_with(card_.board, "--runtime", wanted.runtime + "=" + declared->second);
    }
    add(item, State::kMissing,
        fmt::format("the agent has no runtime \"{}\"; it has {}", wanted.runtime,
                    fmt::join(names, ", ")),
        std::move(fix));
  }

  void with_runtime(const std::string& item, const Deployment& wanted, const Json& runtime) {
    const auto available = runtime.find("available");
    if (available != runtime.end() && *available == false) {
      return add(item, State::kMissing,
                 fmt::format("the runtime {} does not work there: {}", wanted.runtime,
                             text_of(runtime, "reason")),
                 "mend it there, or use another runtime");
    }
    const auto precisions = words_of(runtime, "precisions");
    if (!precisions.empty() && !contains(precisions, wanted.precision)) {
      return add(item, State::kMissing,
                 fmt::format("{} computes there in {}, not in {}", wanted.runtime,
                             fmt::join(precisions, ", "), wanted.precision),
                 fmt::format("set precision: {}", precisions.front()));
    }
    const auto devices = words_of(runtime, "devices");
    // A law computes nowhere: its board's cores and accelerators are the card's own.
    const bool modelled = text_of(runtime, "kind") == "modelled";
    if (!modelled && !devices.empty() && !has_device(devices, wanted.accelerator)) {
      return add(item, State::kMissing,
                 fmt::format("{} finds {} there, no {}", wanted.runtime, fmt::join(devices, ", "),
                             wanted.accelerator),
                 fmt::format("install the driver of the {} there, or set accelerator: {}",
                             wanted.accelerator, devices.front()));
    }
    if (!modelled && cores_ > 0 && wanted.threads > cores_) {
      return add(item, State::kMissing,
                 fmt::format("{} threads, {} cores can be used there", wanted.threads, cores_),
                 fmt::format("set threads: {}", cores_));
    }
    add(item, State::kOk,
        fmt::format("{} {}, {}, {}", wanted.runtime, text_of(runtime, "version"),
                    wanted.accelerator, wanted.precision));
  }

  static bool contains(const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  }

  /// "GPU" stands for "GPU.0" too, and a simulated device for any.
  static bool has_device(const std::vector<std::string>& devices, const std::string& wanted) {
    return std::any_of(devices.begin(), devices.end(), [&](const std::string& device) {
      return device == wanted || device == "simulated" || device.starts_with(wanted + ".");
    });
  }

  void sensors() {
    if (!capabilities_.contains("sensors")) {
      if (card_.board.sensors.empty()) return;
      return add("sensors", State::kMissing, "this agent does not tell of sensors",
                 "install a newer edgetran-agent there");
    }
    for (const Json& sensor : objects_of(capabilities_, "sensors")) {
      ++found_[text_of(sensor, "driver")];
      add("sensor " + text_of(sensor, "driver"), State::kOk,
          fmt::format("{} ({}, {})", text_of(sensor, "channel"), text_of(sensor, "boundary"),
                      text_of(sensor, "kind")));
    }
    problems_ = objects_of(capabilities_, "sensor_problems");
    for (const Json& wanted : card_.board.sensors) declared_sensor(wanted);
    for (const Json& problem : problems_) {
      add("sensor " + text_of(problem, "driver"), State::kWarning,
          first_line(text_of(problem, "message")), text_of(problem, "fix"));
    }
    if (found_.empty() && card_.board.meters.empty()) {
      add("energy", State::kWarning, "no sensor answers: there will be no figures of energy",
          "edgetran doctor on the board tells what is there and what it needs");
    }
  }

  void declared_sensor(const Json& wanted) {
    const std::string driver = text_of(wanted, "driver");
    auto count = found_.find(driver);
    if (count != found_.end() && count->second > used_[driver]) {
      ++used_[driver];
      return;
    }
    const auto problem = std::find_if(problems_.begin(), problems_.end(), [&](const Json& p) {
      return text_of(p, "driver") == driver || is_declared(p, wanted);
    });
    if (problem == problems_.end()) {
      return add("sensor " + driver, State::kMissing, "the agent does not have it",
                 start_with(card_.board, "--sensor", base::dump_json(wanted)));
    }
    add("sensor " + driver, State::kMissing, first_line(text_of(*problem, "message")),
        text_of(*problem, "fix"));
    problems_.erase(problem);
  }

  /// Whether the problem is one of the sensor that the card declares: an agent names what was
  /// declared to it as it was.
  static bool is_declared(const Json& problem, const Json& wanted) {
    if (text_of(problem, "driver") != "declared") return false;
    const auto source = base::ConfigValue::parse_yaml(text_of(problem, "source"), "--sensor");
    return source && text_of(source->to_json(), "driver") == text_of(wanted, "driver");
  }

  /// Messages of a parser show the place below the words.
  static std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

  const Card& card_;
  const wire::Hello& about_;
  const Json& capabilities_;
  std::vector<CheckLine> lines_;
  int64_t cores_ = 0;                 ///< usable there; 0: not known
  std::map<std::string, int> found_;  ///< sensors by driver
  std::map<std::string, int> used_;   ///< of them, those that the card declares
  std::vector<Json> problems_;
};

/// Reads a meter of the card for a moment.
CheckLine check_meter(const Meter& meter, const std::filesystem::path& agent,
                      const base::CancelToken& cancel) {
  const std::string item = "meter " + text_of(meter.declaration, "driver");
  const auto started = Meters::start({meter}, agent, cancel);
  if (started) {
    return {item, State::kOk, fmt::format("a value every {:.3g} s", (*started)->slowest_update_s()),
            ""};
  }
  return {item, State::kMissing, started.error().message, started.error().hint};
}

}  // namespace

bool BoardCheck::usable() const {
  return std::none_of(lines.begin(), lines.end(),
                      [](const CheckLine& line) { return line.state == State::kMissing; });
}

std::vector<CheckLine> compare_card(const Card& card, const wire::Hello& about,
                                    const Json& capabilities) {
  return Comparison(card, about, capabilities).run();
}

base::Result<BoardCheck> check_board(const Card& card, const BoardOptions& options,
                                     const base::CancelToken& cancel) {
  if (card.board.kind == BoardKind::kReplay) return check_replay(card);
  const auto program =
      options.agent.empty() ? base::executable_folder() / "edgetran-agent" : options.agent;
  auto transport = open_transport(card, {.agent = program, .agent_log = options.agent_log});
  if (!transport) return base::fail(std::move(transport).error().error);
  auto agent = AgentClient::open(std::move(*transport), {.board = card.board.name}, cancel);
  if (!agent) return base::fail(std::move(agent).error().error);
  auto capabilities = (*agent)->capabilities(cancel);
  if (!capabilities) {
    base::Error error = std::move(capabilities).error();
    const bool broke = error.category == base::ErrorCategory::kProtocol;
    return base::fail(broke ? (*agent)->end(error).error : std::move(error));
  }
  BoardCheck check{.about = (*agent)->about()};
  check.capabilities = std::move(*capabilities);
  check.lines = compare_card(card, check.about, check.capabilities);
  for (const Meter& meter : card.board.meters) {
    check.lines.push_back(check_meter(meter, program, cancel));
  }
  return check;
}

}  // namespace edgetran::device
