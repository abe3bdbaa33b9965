#include "train/torch/inputs.h"

#include <algorithm>

#include "base/result.h"

namespace edgetran::train::torch_engine {
namespace {

template <class T>
at::Tensor to_int64(std::span<const T> values, at::IntArrayRef shape) {
  at::Tensor tensor = at::empty(shape, at::kLong);
  EDGETRAN_CHECK(tensor.numel() == static_cast<int64_t>(values.size()), "values fill the shape");
  std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<int64_t>());
  return tensor;
}

/// [rows, length], 1 at valid positions; undefined where all are.
at::Tensor attention_mask(const data::Batch& batch) {
  const bool full = std::all_of(batch.lengths.begin(), batch.lengths.end(),
                                [&](int32_t length) { return length == batch.length; });
  if (full) return {};
  at::Tensor mask = at::zeros({batch.rows, batch.length}, at::kLong);
  auto* data = mask.mutable_data_ptr<int64_t>();
  for (int64_t row = 0; row < batch.rows; ++row) {
    std::fill_n(data + row * batch.length, batch.lengths[static_cast<size_t>(row)], int64_t{1});
  }
  return mask;
}

}  // namespace

at::Tensor int64_tensor(std::span<const int32_t> values, at::IntArrayRef shape) {
  return to_int64(values, shape);
}

at::Tensor int64_tensor(std::span<const int64_t> values, at::IntArrayRef shape) {
  return to_int64(values, shape);
}

std::vector<at::Tensor> graph_inputs(const graph::Graph& graph, const data::Batch& batch,
                                     std::span<const int64_t> selected) {
  std::vector<at::Tensor> inputs;
  for (const graph::NamedValue& input : graph.inputs()) {
    if (input.name == "input_ids") {
      inputs.push_back(int64_tensor(batch.ids, {batch.rows, batch.length}));
    } else if (input.name == "token_type_ids") {
      inputs.push_back(int64_tensor(batch.types, {batch.rows, batch.length}));
    } else if (input.name == "attention_mask") {
      inputs.push_back(attention_mask(batch));
    } else if (input.name == "selected_positions") {
      inputs.push_back(int64_tensor(selected, {static_cast<int64_t>(selected.size())}));
    } else {
      EDGETRAN_CHECK(false, "an encoder has no input " + input.name);
    }
  }
  return inputs;
}

std::vector<at::Tensor> inputs_for(const graph::Graph& target, const graph::Graph& source,
                                   std::span<const at::Tensor> inputs) {
  std::vector<at::Tensor> result;
  for (const graph::NamedValue& wanted : target.inputs()) {
    result.emplace_back();
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (source.inputs()[i].name == wanted.name) result.back() = inputs[i];
    }
  }
  return result;
}

}  // namespace edgetran::train::torch_engine
