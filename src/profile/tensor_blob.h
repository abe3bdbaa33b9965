#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace edgetran::profile {

enum class TensorType : uint8_t { kFloat32, kInt64 };

/// Bytes of one element.
size_t element_bytes(TensorType type);

struct TensorInfo {
  std::string name;
  TensorType type = TensorType::kFloat32;
  std::vector<int64_t> shape;

  int64_t elements() const;
  size_t bytes() const { return static_cast<size_t>(elements()) * element_bytes(type); }
};

/// A named tensor as it travels between programs: row-major, little-endian.
struct Tensor {
  TensorInfo info;
  std::string data;
};

/// The blob of inputs and outputs (docs/protocol.md, "Tensor blobs"): the layout of safetensors
/// with the types F32 and I64, so that other languages need no reader of ours. u64 little-endian
/// length of a JSON header {name: {"dtype", "shape", "data_offsets": [begin, end]}}, then the data.
std::string encode_tensors(const std::vector<Tensor>& tensors);

/// Reads a blob; every bound is checked. kCorrupt: a header longer than the blob or 1 MiB, offsets
/// that do not fit the shape, overlap, leave a gap or leave the blob, other types.
base::Result<std::vector<Tensor>> decode_tensors(std::string_view blob);

/// The tensor with this name, or nullptr.
const Tensor* find_tensor(const std::vector<Tensor>& tensors, std::string_view name);

}  // namespace edgetran::profile
