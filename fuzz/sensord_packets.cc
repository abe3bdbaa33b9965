// Packets between edgetran-sensord and its clients, both ways: any bytes.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "profile/sensors/sensord_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edgetran::profile::sensors;
  const std::string_view packet(reinterpret_cast<const char*>(data), size);
  if (const auto request = parse_sensord_request(packet)) {
    const bool opens = request->verb == SensordRequest::Verb::kOpen;
    EDGETRAN_CHECK(packet.size() <= kSensordPacketBytes, "no request is longer than a packet");
    EDGETRAN_CHECK(opens == !request->name.empty(), "what is opened has a name");
    EDGETRAN_CHECK(request->name.find("..") == std::string_view::npos, "and leads nowhere else");
    EDGETRAN_CHECK(!opens || sensord_open_request(request->name) == packet, "one way to say it");
  }
  if (const auto reply = parse_sensord_reply(packet)) {
    EDGETRAN_CHECK(reply->status == SensordStatus::kOk || reply->text.empty(),
                   "a refusal has no value");
  }
  return 0;
}
