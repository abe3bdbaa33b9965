#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "onnx/onnx_pb.h"

namespace edgetran::onnx {

/// An attribute of an ONNX node.
using Attribute = std::pair<std::string, std::variant<int64_t, float, std::vector<int64_t>>>;

/// A dimension of an input or output: a number, or the name of a symbol.
using Dimension = std::variant<int64_t, std::string>;

/// Writes one ONNX model, tensor by tensor. Names are readable ("layers.3.attention/scores") and
/// unique; equal calls give equal models. Constants of equal value are one initializer.
class ModelWriter {
 public:
  ModelWriter();

  /// What the names of the nodes made next begin with.
  void set_scope(std::string scope) { scope_ = std::move(scope); }
  const std::string& scope() const { return scope_; }

  void input(const std::string& name, const std::vector<Dimension>& shape);
  /// Makes `tensor` an output called `name`: renamed where it is a node's, else copied.
  void output(const std::string& name, std::string tensor, const std::vector<Dimension>& shape);

  /// Adds a node with one output, which is named scope/label, and returns that name.
  std::string node(const std::string& op, const std::vector<std::string>& inputs,
                   std::string_view label, const std::vector<Attribute>& attributes = {});

  /// A float32 initializer; once a name.
  std::string floats(const std::string& name, const std::vector<int64_t>& shape,
                     std::span<const float> values);
  /// Constants, shared by value: int64 [n], int64 scalar, float32 scalar.
  std::string integers(const std::vector<int64_t>& values);
  std::string integer(int64_t value);
  std::string scalar(float value);

  const ::onnx::ModelProto& model() const { return model_; }

 private:
  std::string unique(std::string name);
  void rename(const std::string& from, const std::string& to);
  ::onnx::TensorProto& initializer(const std::string& name, int32_t type,
                                   const std::vector<int64_t>& shape);

  ::onnx::ModelProto model_;
  ::onnx::GraphProto& graph_;
  std::string scope_;
  std::set<std::string> names_;
  std::map<std::string, std::string> renamed_;  ///< tensors that became outputs
};

}  // namespace edgetran::onnx
