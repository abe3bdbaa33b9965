#include "onnx/signature.h"

#include <limits>
#include <set>

#include "onnx/onnx_pb.h"

namespace edgetran::onnx {
namespace {

Port port_of(const ::onnx::ValueInfoProto& value) {
  Port port{.name = value.name(), .shape = {}};
  for (const auto& dimension : value.type().tensor_type().shape().dim())
    port.shape.push_back(dimension.has_dim_value() ? dimension.dim_value() : -1);
  return port;
}

}  // namespace

base::Result<Signature> read_signature(std::string_view bytes) {
  ::onnx::ModelProto model;
  const bool fits = bytes.size() <= static_cast<size_t>(std::numeric_limits<int>::max());
  if (!fits || !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      !model.has_graph() || model.graph().output_size() == 0)
    return base::fail(base::ErrorCategory::kCorrupt, "the bytes are no ONNX model",
                      "the file is damaged, cut off or of another format");
  std::set<std::string> initialisers;
  for (const auto& tensor : model.graph().initializer()) initialisers.insert(tensor.name());
  Signature signature;
  for (const auto& value : model.graph().input())
    if (!initialisers.contains(value.name())) signature.inputs.push_back(port_of(value));
  for (const auto& value : model.graph().output()) signature.outputs.push_back(port_of(value));
  return signature;
}

}  // namespace edgetran::onnx
