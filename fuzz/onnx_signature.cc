// Any bytes as an ONNX file that is asked for its inputs and outputs.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "onnx/signature.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto signature =
      edgetran::onnx::read_signature(std::string_view(reinterpret_cast<const char*>(data), size));
  if (signature) EDGETRAN_CHECK(!signature->outputs.empty(), "a model without outputs was read");
  return 0;
}
