#include "store/event_log.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

// Any bytes are either a log, or an error; whole_bytes and torn together are the input.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto contents = edgetran::store::parse_event_log(text, "fuzz");
  if (contents) {
    EDGETRAN_CHECK(contents->whole_bytes + contents->torn.size() == size, "every byte is told of");
  }
  return 0;
}
