#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace edgetran::onnx {

/// An input or output of an ONNX model; -1 stands for a symbolic size.
struct Port {
  std::string name;
  std::vector<int64_t> shape;
};

struct Signature {
  std::vector<Port> inputs;  ///< without initialisers
  std::vector<Port> outputs;
};

/// What an ONNX file takes and gives. kCorrupt for bytes that are no ONNX model.
base::Result<Signature> read_signature(std::string_view bytes);

}  // namespace edgetran::onnx
