// Any bytes as a model in one file; what is read can be packed and read again.
#include "weights/packed_model.h"

#include <cstddef>
#include <cstdint>
#include <string>

using edgetran::weights::pack_model;
using edgetran::weights::unpack_model;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto model = unpack_model(std::string(reinterpret_cast<const char*>(data), size));
  if (!model) return 0;
  EDGETRAN_CHECK(unpack_model(pack_model(model->info, model->graph, model->weights)).has_value(),
                 "what was packed is not read");
  return 0;
}
