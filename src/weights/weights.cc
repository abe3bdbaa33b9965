#include "weights/weights.h"

#include <algorithm>

namespace edgetran::weights {

Weights::Weights(const graph::Graph& graph) {
  for (const graph::Parameter& parameter : graph.parameters()) {
    names_.push_back(parameter.name);
    tensors_.push_back(
        {.shape = graph.dimensions(parameter),
         .data = std::vector<float>(static_cast<size_t>(graph.element_count(parameter)))});
  }
}

const Tensor& Weights::at(graph::ParameterId id) const {
  EDGETRAN_CHECK(id >= 0 && static_cast<size_t>(id) < tensors_.size(), "no such parameter");
  return tensors_[static_cast<size_t>(id)];
}

Tensor& Weights::at(graph::ParameterId id) {
  EDGETRAN_CHECK(id >= 0 && static_cast<size_t>(id) < tensors_.size(), "no such parameter");
  return tensors_[static_cast<size_t>(id)];
}

const std::string& Weights::name(graph::ParameterId id) const {
  EDGETRAN_CHECK(id >= 0 && static_cast<size_t>(id) < names_.size(), "no such parameter");
  return names_[static_cast<size_t>(id)];
}

const Tensor* Weights::find(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  return found == names_.end() ? nullptr : &tensors_[static_cast<size_t>(found - names_.begin())];
}

Tensor* Weights::find(std::string_view name) {
  const auto found = std::find(names_.begin(), names_.end(), name);
  return found == names_.end() ? nullptr : &tensors_[static_cast<size_t>(found - names_.begin())];
}

int64_t Weights::element_count() const {
  int64_t count = 0;
  for (const Tensor& tensor : tensors_) count += static_cast<int64_t>(tensor.data.size());
  return count;
}

}  // namespace edgetran::weights
