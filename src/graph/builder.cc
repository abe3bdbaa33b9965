#include "graph/builder.h"

#include <utility>

#include "base/result.h"
#include "graph/file_tensor.h"

namespace edgetran::graph {

Builder::Builder() {
  add_axis({.name = "batch", .kind = Axis::Kind::kBatch, .parts = {}});
  add_axis({.name = "length", .kind = Axis::Kind::kLength, .parts = {}});
  add_axis({.name = "selected", .kind = Axis::Kind::kSelected, .parts = {}});
}

AxisId Builder::batch() const { return 0; }
AxisId Builder::length() const { return 1; }
AxisId Builder::selected() const { return 2; }

AxisId Builder::add_axis(Axis axis) {
  const auto id = static_cast<AxisId>(graph_.axes_.size());
  axis_ids_.emplace(axis.name, id);
  graph_.axes_.push_back(std::move(axis));
  return id;
}

AxisId Builder::axis(const std::string& name, int64_t size) {
  EDGETRAN_CHECK(size > 0, name + ": an axis needs a positive size");
  const auto found = axis_ids_.find(name);
  if (found == axis_ids_.end()) return add_axis({.name = name, .size = size, .parts = {}});
  const Axis& known = graph_.axis(found->second);
  EDGETRAN_CHECK(known.kind == Axis::Kind::kFixed && known.parts.empty() && known.size == size,
                 name + ": the axis is known with another size or kind");
  return found->second;
}

AxisId Builder::composite_axis(const std::string& name, const std::vector<AxisPart>& parts) {
  EDGETRAN_CHECK(!axis_ids_.contains(name), name + ": the axis is known already");
  EDGETRAN_CHECK(!parts.empty(), name + ": a composite axis needs a part");
  int64_t size = 0;
  for (const AxisPart& part : parts) {
    const Axis& blocks = graph_.axis(part.blocks);
    const Axis& width = graph_.axis(part.width);
    EDGETRAN_CHECK(blocks.kind == Axis::Kind::kFixed && width.kind == Axis::Kind::kFixed,
                   name + ": parts of a composite axis are fixed");
    size += blocks.size * width.size;
  }
  return add_axis({.name = name, .size = size, .parts = parts});
}

void Builder::set_scope(std::string scope, int32_t layer) {
  scope_ = std::move(scope);
  layer_ = layer;
}

void Builder::claim_name(const std::string& name) {
  EDGETRAN_CHECK(names_.insert(name).second, name + ": the name is taken");
}

ValueId Builder::add_value(Value value) {
  for (const AxisId id : value.shape)
    EDGETRAN_CHECK(id >= 0 && static_cast<size_t>(id) < graph_.axes_.size(), "no such axis");
  graph_.values_.push_back(std::move(value));
  return static_cast<ValueId>(graph_.values_.size() - 1);
}

ValueId Builder::input(const std::string& name, ElementType type, const Shape& shape) {
  claim_name(name);
  const auto index = static_cast<int32_t>(graph_.inputs_.size());
  const ValueId id = add_value({Value::Source::kInput, index, type, shape});
  graph_.inputs_.push_back({name, id});
  return id;
}

ValueId Builder::parameter(const std::string& name, const Shape& shape, Initializer initializer,
                           ParameterRole role) {
  EDGETRAN_CHECK(!shape.empty(), name + ": a parameter has at least one axis");
  return parameter(name, shape, initializer, role,
                   {whole_tensor(name, graph_.dimensions(shape, Sizes{}))});
}

ValueId Builder::parameter(const std::string& name, const Shape& shape, Initializer initializer,
                           ParameterRole role, std::vector<FileTensor> file_tensors) {
  for (const AxisId id : shape)
    EDGETRAN_CHECK(graph_.axis(id).kind == Axis::Kind::kFixed, name + ": only fixed axes");
  const std::string problem = file_tensors_problem(graph_.dimensions(shape, Sizes{}), file_tensors);
  EDGETRAN_CHECK(problem.empty(), name + ": " + problem);
  for (const FileTensor& tensor : file_tensors) claim_name(tensor.name);
  if (file_tensors.front().name != name) claim_name(name);
  const auto index = static_cast<int32_t>(graph_.parameters_.size());
  const ValueId id = add_value({Value::Source::kParameter, index, ElementType::kFloat32, shape});
  graph_.parameters_.push_back({name, shape, initializer, role, std::move(file_tensors)});
  return id;
}

ValueId Builder::add_node(Op op, Attributes attributes, std::vector<ValueId> inputs, Shape shape) {
  const auto index = static_cast<int32_t>(graph_.nodes_.size());
  const ValueId id =
      add_value({Value::Source::kNode, index, ElementType::kFloat32, std::move(shape)});
  graph_.nodes_.push_back({op, attributes, std::move(inputs), id, scope_, layer_});
  return id;
}

void Builder::output(const std::string& name, ValueId value) {
  EDGETRAN_CHECK(graph_.find_output(name) == kNone, name + ": the output is known already");
  shape(value);
  graph_.outputs_.push_back({name, value});
}

Shape Builder::shape(ValueId value) const {
  EDGETRAN_CHECK(value >= 0 && static_cast<size_t>(value) < graph_.values_.size(), "no such value");
  return graph_.value(value).shape;
}

AxisId Builder::last_axis(ValueId value) const {
  EDGETRAN_CHECK(!shape(value).empty(), "a scalar has no last axis");
  return shape(value).back();
}

int64_t Builder::axis_size(AxisId axis) const {
  EDGETRAN_CHECK(axis >= 0 && static_cast<size_t>(axis) < graph_.axes_.size() &&
                     graph_.axis(axis).kind == Axis::Kind::kFixed,
                 "only fixed axes have a size");
  return graph_.axis(axis).size;
}

Graph Builder::build() {
  EDGETRAN_CHECK(!graph_.outputs_.empty(), "a graph needs an output");
  Graph finished = std::move(graph_);
  *this = Builder();
  return finished;
}

}  // namespace edgetran::graph
