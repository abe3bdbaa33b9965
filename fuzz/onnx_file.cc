// Any bytes as an ONNX file that came from a peer.
#include "profile/onnx_file.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto nodes = edgetran::profile::read_onnx_nodes(
      std::string_view(reinterpret_cast<const char*>(data), size));
  if (nodes) EDGETRAN_CHECK(nodes->size() <= size, "more nodes than bytes");
  return 0;
}
