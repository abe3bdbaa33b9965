// Any bytes: read as a safetensors file without a crash, and what is read can be written and read
// again.
#include "weights/safetensors.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

using edgetran::weights::DataType;
using edgetran::weights::SafetensorsFile;
using edgetran::weights::TensorSource;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file =
      SafetensorsFile::parse(std::string(reinterpret_cast<const char*>(data), size), "input");
  if (!file) return 0;
  std::vector<std::vector<float>> floats(file->tensors().size());
  std::vector<std::vector<int64_t>> integers(file->tensors().size());
  std::vector<TensorSource> sources;
  for (size_t i = 0; i < file->tensors().size(); ++i) {
    const auto& tensor = file->tensors()[i];
    if (tensor.type == DataType::kI64) {
      integers[i] = edgetran::weights::read_integers(tensor).value();
      sources.push_back({tensor.name, tensor.shape, std::span<const int64_t>(integers[i])});
    } else if (auto values = edgetran::weights::read_floats(tensor)) {
      floats[i] = std::move(*values);
      sources.push_back({tensor.name, tensor.shape, std::span<const float>(floats[i])});
    }
  }
  const auto again = SafetensorsFile::parse(
      edgetran::weights::encode_safetensors(sources, file->metadata()), "again");
  if (!again || again->tensors().size() != sources.size()) std::abort();
  return 0;
}
