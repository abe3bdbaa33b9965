// Bytes of a peer, in portions whose size the input chooses, through the message reader and the
// request parser. What is accepted must be read back the same when it is sent again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "wire/message.h"

using edgetran::wire::Incoming;
using edgetran::wire::MessageReader;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t portion = data[0] + size_t{1};
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  MessageReader reader({.blob_bytes = 4096});
  while (!bytes.empty() && reader.feed(bytes.substr(0, portion))) {
    bytes.remove_prefix(std::min(portion, bytes.size()));
    while (auto incoming = reader.next()) {
      if (incoming->kind != Incoming::Kind::kMessage) continue;
      const auto sent =
          edgetran::wire::encode_message(incoming->message.json, incoming->message.blob);
      if (sent) {
        MessageReader again({.blob_bytes = 4096});
        EDGETRAN_CHECK(again.feed(*sent).has_value(), "our own message is refused");
        const auto back = again.next();
        EDGETRAN_CHECK(back && back->message.blob == incoming->message.blob, "the blob changed");
      }
      static_cast<void>(edgetran::wire::parse_request(std::move(incoming->message)));
    }
  }
  return 0;
}
