#include "onnx/model_writer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/result.h"
#include "base/version.h"

namespace edgetran::onnx {
namespace {

// LayerNormalization came with opset 17; 8 is the file version that belongs to it.
constexpr int64_t kOpset = 17;
constexpr int64_t kFileVersion = 8;

void set_shape(const std::vector<Dimension>& shape, ::onnx::TypeProto::Tensor& type) {
  for (const Dimension& dimension : shape) {
    auto* target = type.mutable_shape()->add_dim();
    if (const auto* size = std::get_if<int64_t>(&dimension))
      target->set_dim_value(*size);
    else
      target->set_dim_param(std::get<std::string>(dimension));
  }
}

void set_type(int32_t element, const std::vector<Dimension>& shape, ::onnx::ValueInfoProto& value) {
  auto* type = value.mutable_type()->mutable_tensor_type();
  type->set_elem_type(element);
  set_shape(shape, *type);
}

void set_attribute(const Attribute& attribute, ::onnx::AttributeProto& target) {
  target.set_name(attribute.first);
  if (const auto* integer = std::get_if<int64_t>(&attribute.second)) {
    target.set_type(::onnx::AttributeProto::INT);
    target.set_i(*integer);
  } else if (const auto* number = std::get_if<float>(&attribute.second)) {
    target.set_type(::onnx::AttributeProto::FLOAT);
    target.set_f(*number);
  } else {
    target.set_type(::onnx::AttributeProto::INTS);
    for (const int64_t value : std::get<std::vector<int64_t>>(attribute.second))
      target.add_ints(value);
  }
}

template <class T>
std::string raw(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

}  // namespace

ModelWriter::ModelWriter() : graph_(*model_.mutable_graph()) {
  model_.set_ir_version(kFileVersion);
  model_.set_producer_name("edgetran");
  model_.set_producer_version(base::kVersion);
  auto* opset = model_.add_opset_import();
  opset->set_domain("");
  opset->set_version(kOpset);
  graph_.set_name("encoder");
}

std::string ModelWriter::unique(std::string name) {
  std::string candidate = name;
  for (int copy = 2; !names_.insert(candidate).second; ++copy)
    candidate = fmt::format("{}.{}", name, copy);
  return candidate;
}

void ModelWriter::input(const std::string& name, const std::vector<Dimension>& shape) {
  EDGETRAN_CHECK(names_.insert(name).second, name + ": the name is taken");
  auto* value = graph_.add_input();
  value->set_name(name);
  set_type(::onnx::TensorProto::INT64, shape, *value);
}

void ModelWriter::rename(const std::string& from, const std::string& to) {
  for (::onnx::NodeProto& node : *graph_.mutable_node()) {
    std::replace(node.mutable_input()->begin(), node.mutable_input()->end(), from, to);
    std::replace(node.mutable_output()->begin(), node.mutable_output()->end(), from, to);
  }
}

void ModelWriter::output(const std::string& name, std::string tensor,
                         const std::vector<Dimension>& shape) {
  if (const auto renamed = renamed_.find(tensor); renamed != renamed_.end())
    tensor = renamed->second;
  EDGETRAN_CHECK(names_.insert(name).second, name + ": the name is taken");
  const auto is_tensor = [&](const auto& value) { return value.name() == tensor; };
  const auto makes_tensor = [&](const ::onnx::NodeProto& node) { return node.output(0) == tensor; };
  const bool renamable = std::none_of(graph_.output().begin(), graph_.output().end(), is_tensor) &&
                         std::any_of(graph_.node().begin(), graph_.node().end(), makes_tensor);
  if (renamable) {
    rename(tensor, name);
    renamed_.emplace(tensor, name);
  } else {
    auto* copy = graph_.add_node();
    copy->set_op_type("Identity");
    copy->set_name(unique(name + "/copy"));
    copy->add_input(tensor);
    copy->add_output(name);
  }
  auto* value = graph_.add_output();
  value->set_name(name);
  set_type(::onnx::TensorProto::FLOAT, shape, *value);
}

std::string ModelWriter::node(const std::string& op, const std::vector<std::string>& inputs,
                              std::string_view label, const std::vector<Attribute>& attributes) {
  std::string name = unique(fmt::format("{}/{}", scope_, label));
  auto* node = graph_.add_node();
  node->set_op_type(op);
  node->set_name(name);
  for (const std::string& input : inputs) node->add_input(input);
  node->add_output(name);
  for (const Attribute& attribute : attributes) set_attribute(attribute, *node->add_attribute());
  return name;
}

::onnx::TensorProto& ModelWriter::initializer(const std::string& name, int32_t type,
                                              const std::vector<int64_t>& shape) {
  EDGETRAN_CHECK(names_.insert(name).second, name + ": the name is taken");
  auto* tensor = graph_.add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(type);
  for (const int64_t size : shape) tensor->add_dims(size);
  return *tensor;
}

std::string ModelWriter::floats(const std::string& name, const std::vector<int64_t>& shape,
                                std::span<const float> values) {
  initializer(name, ::onnx::TensorProto::FLOAT, shape).set_raw_data(raw(values));
  return name;
}

std::string ModelWriter::integers(const std::vector<int64_t>& values) {
  std::string name = fmt::format("constants/[{}]", fmt::join(values, ","));
  if (!names_.contains(name))
    initializer(name, ::onnx::TensorProto::INT64, {static_cast<int64_t>(values.size())})
        .set_raw_data(raw(std::span<const int64_t>(values)));
  return name;
}

std::string ModelWriter::integer(int64_t value) {
  std::string name = fmt::format("constants/{}", value);
  if (!names_.contains(name))
    initializer(name, ::onnx::TensorProto::INT64, {})
        .set_raw_data(raw(std::span(&std::as_const(value), 1)));
  return name;
}

std::string ModelWriter::scalar(float value) {
  // Shortest text that gives the number back, so distinct constants have distinct names.
  std::string name = fmt::format("constants/{}f", value);
  if (!names_.contains(name))
    initializer(name, ::onnx::TensorProto::FLOAT, {})
        .set_raw_data(raw(std::span(&std::as_const(value), 1)));
  return name;
}

}  // namespace edgetran::onnx
