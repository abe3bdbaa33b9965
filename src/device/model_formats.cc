#include "device/model_formats.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "device/agent_board.h"

namespace edgetran::device {

using base::ErrorCategory;
using base::Json;

namespace {

/// What a peer sends may be of any shape: only strings are taken.
std::string text_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<std::string> formats_in(const Json& runtime) {
  std::vector<std::string> formats;
  for (const Json& format : runtime.value("formats", Json::array())) {
    if (format.is_string()) formats.push_back(format.get<std::string>());
  }
  if (formats.empty()) formats.emplace_back(kOnnxFormat);
  return formats;
}

}  // namespace

base::Result<std::vector<std::string>> formats_of(const Json& capabilities,
                                                  const std::string& runtime) {
  std::vector<std::string> names;
  for (const Json& candidate : capabilities.value("runtimes", Json::array())) {
    if (!candidate.is_object()) continue;
    names.push_back(text_of(candidate, "name"));
    if (names.back() != runtime) continue;
    const auto available = candidate.find("available");
    if (available == candidate.end() || *available != false) return formats_in(candidate);
    return base::fail(ErrorCategory::kDevice,
                      fmt::format("the runtime {} does not work on the board: {}", runtime,
                                  text_of(candidate, "reason")),
                      "mend it there, or use another runtime");
  }
  return base::fail(ErrorCategory::kDevice,
                    fmt::format("the board's agent has no runtime \"{}\"; it has {}", runtime,
                                fmt::join(names, ", ")),
                    "declare its program under board.runtimes, or use another runtime");
}

base::Result<std::vector<std::string>> Board::model_formats(const std::string& /*runtime*/,
                                                            const base::CancelToken& /*cancel*/) {
  return std::vector<std::string>{kOnnxFormat};
}

base::Result<std::vector<std::string>> AgentBoard::model_formats(const std::string& runtime,
                                                                 const base::CancelToken& cancel) {
  if (!runs_model()) return Board::model_formats(runtime, cancel);
  Json capabilities;
  const Work ask = [&](AgentClient& agent) -> base::Status {
    EDGETRAN_ASSIGN(capabilities, agent.capabilities(cancel));
    return {};
  };
  base::NullSink events;
  EDGETRAN_TRY(with_agent(events, cancel, ask, [] { return 0; }));
  return formats_of(capabilities, runtime);
}

}  // namespace edgetran::device
