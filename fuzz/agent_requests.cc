// Requests of a client through the agent's service with the simulated runtime: one JSON request a
// line; a line that begins with '=' is the blob of the request before it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "profile/agent.h"
#include "profile/runtimes/simulated/simulated_runtime.h"
#include "profile/tensor_blob.h"
#include "wire/service.h"

namespace {

using edgetran::wire::Message;

std::vector<Message> read_messages(std::string_view text) {
  std::vector<Message> messages;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with('=')) {
      if (!messages.empty()) messages.back().blob = line.substr(1);
    } else if (auto json = edgetran::base::parse_json(line, "request"); json && json->is_object()) {
      messages.push_back({std::move(*json), {}});
    }
  }
  return messages;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  edgetran::base::ManualClock clock;
  edgetran::profile::AgentOptions options;
  options.runtimes.push_back(edgetran::profile::simulated::make_factory());
  options.model_bytes = 1 << 16;
  options.result_bytes = 1 << 22;
  edgetran::profile::Agent agent(std::move(options), clock);
  edgetran::wire::Session session(agent.service());
  edgetran::base::NullSink sink;
  for (Message& message : read_messages(text)) {
    static_cast<void>(edgetran::profile::decode_tensors(message.blob));
    if (auto request = edgetran::wire::parse_request(std::move(message))) {
      static_cast<void>(session.answer(std::move(*request), sink, {}));
    }
  }
  return 0;
}
