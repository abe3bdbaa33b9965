// A client's whole stream through the message reader and the agent's service: the input is a list
// of frames, of which each may be sound (its checksum is made here, or nothing would ever get past
// it) or broken. Layout of the input: a byte of portion size, then for each frame a byte of flags
// (1: blob, 2: broken checksum, 4: broken header), two of length, and the payload.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "profile/agent.h"
#include "profile/runtimes/simulated/simulated_runtime.h"
#include "wire/frame.h"
#include "wire/message.h"
#include "wire/service.h"

namespace {

using edgetran::wire::FrameKind;
using edgetran::wire::Incoming;

constexpr uint8_t kBlob = 1;
constexpr uint8_t kBrokenChecksum = 2;
constexpr uint8_t kBrokenHeader = 4;
constexpr uint64_t kStoreBytes = 1 << 16;

/// The stream that the input describes.
std::string stream_of(std::string_view text) {
  std::string stream;
  while (text.size() >= 3) {
    const auto flags = static_cast<uint8_t>(text[0]);
    const size_t length =
        static_cast<uint8_t>(text[1]) + (size_t{static_cast<uint8_t>(text[2])} << 8);
    text.remove_prefix(3);
    const std::string_view payload = text.substr(0, length);
    text.remove_prefix(payload.size());
    std::string frame = edgetran::wire::encode_frame(
        (flags & kBlob) != 0 ? FrameKind::kBlob : FrameKind::kJson, payload);
    if ((flags & kBrokenChecksum) != 0) frame[12] = static_cast<char>(frame[12] ^ 1);
    if ((flags & kBrokenHeader) != 0) frame[flags >> 4] = static_cast<char>(frame[flags >> 4] ^ 64);
    stream += frame;
  }
  return stream;
}

void talk(std::string_view stream, size_t portion) {
  edgetran::base::ManualClock clock;
  edgetran::profile::AgentOptions options;
  options.runtimes.push_back(edgetran::profile::simulated::make_factory());
  options.model_bytes = kStoreBytes;
  options.result_bytes = 1 << 22;
  edgetran::profile::Agent agent(std::move(options), clock);
  edgetran::wire::Session session(agent.service());
  edgetran::wire::MessageReader reader({.blob_bytes = kStoreBytes});
  edgetran::base::NullSink sink;
  while (!stream.empty() && reader.feed(stream.substr(0, portion))) {
    stream.remove_prefix(std::min(portion, stream.size()));
    while (auto incoming = reader.next()) {
      if (incoming->kind != Incoming::Kind::kMessage) continue;
      EDGETRAN_CHECK(incoming->message.blob.size() <= kStoreBytes, "a blob over the limit came");
      auto request = edgetran::wire::parse_request(std::move(incoming->message));
      if (!request) continue;
      const auto reply = session.answer(std::move(*request), sink, {});
      EDGETRAN_CHECK(reply.json.contains("ok"), "a reply without its verdict");
      static_cast<void>(edgetran::wire::encode_message(reply.json, reply.blob));
      clock.advance(0.5);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  talk(stream_of(text), data[0] + size_t{1});
  return 0;
}
