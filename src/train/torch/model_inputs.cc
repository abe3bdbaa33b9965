#include "train/torch/model_inputs.h"

#include <fmt/format.h>

#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "train/torch/inputs.h"
#include "weights/tensor.h"

namespace edgetran::train::torch_engine {
namespace {

using base::ErrorCategory;

base::Status refuse(const std::string& file, const std::string& what) {
  return base::fail(ErrorCategory::kUsage, fmt::format("{}: {}", file, what));
}

/// The int64 tensor of this name in the shape of input_ids, all values in [0, limit); filled with
/// `fallback` where the file lacks it.
base::Result<std::vector<int64_t>> read_input(const weights::SafetensorsFile& file,
                                              const std::string& name,
                                              const std::vector<int64_t>& shape, int64_t limit,
                                              int64_t fallback) {
  const auto elements = static_cast<size_t>(shape[0] * shape[1]);
  const weights::TensorView* view = file.find(name);
  if (view == nullptr) return std::vector<int64_t>(elements, fallback);
  if (view->shape != shape) {
    EDGETRAN_TRY(refuse(file.name(),
                        fmt::format("{} has the shape {}, input_ids has {}", name,
                                    weights::shape_text(view->shape), weights::shape_text(shape))));
  }
  EDGETRAN_ASSIGN(auto values, weights::read_integers(*view));
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] >= 0 && values[i] < limit) continue;
    EDGETRAN_TRY(refuse(
        file.name(),
        fmt::format("{}{} is {}; the model takes 0 to {}", name,
                    weights::index_text(shape, static_cast<int64_t>(i)), values[i], limit - 1)));
  }
  return values;
}

/// Every row starts with a valid position, and padding comes last.
base::Status check_mask(const std::string& file, const std::vector<int64_t>& shape,
                        const std::vector<int64_t>& mask) {
  for (int64_t row = 0; row < shape[0]; ++row) {
    const std::span<const int64_t> values(mask.data() + row * shape[1],
                                          static_cast<size_t>(shape[1]));
    if (values[0] != 1)
      return refuse(file, fmt::format("attention_mask row {} starts with 0", row));
    for (size_t i = 1; i < values.size(); ++i) {
      if (values[i] <= values[i - 1]) continue;
      return refuse(file, fmt::format("attention_mask row {} has padding before position {}; "
                                      "padding comes last",
                                      row, i));
    }
  }
  return {};
}

}  // namespace

base::Result<std::vector<at::Tensor>> read_model_inputs(const weights::SafetensorsFile& file,
                                                        const space::ModelSpec& spec,
                                                        const graph::Graph& graph) {
  const weights::TensorView* ids = file.find("input_ids");
  if (ids == nullptr || ids->shape.size() != 2 || ids->shape[0] < 1 || ids->shape[1] < 1 ||
      ids->shape[1] > spec.positions) {
    EDGETRAN_TRY(refuse(
        file.name(),
        fmt::format("input_ids must be [batch, length] with a length of 1 to {}; seen: {}",
                    spec.positions, ids == nullptr ? "none" : weights::shape_text(ids->shape))));
  }
  const std::vector<int64_t> shape = ids->shape;
  EDGETRAN_ASSIGN(const auto tokens, read_input(file, "input_ids", shape, spec.vocabulary, 0));
  EDGETRAN_ASSIGN(const auto types, read_input(file, "token_type_ids", shape, spec.types, 0));
  EDGETRAN_ASSIGN(const auto mask, read_input(file, "attention_mask", shape, 2, 1));
  EDGETRAN_TRY(check_mask(file.name(), shape, mask));
  std::vector<int64_t> everywhere(tokens.size());
  std::iota(everywhere.begin(), everywhere.end(), int64_t{0});
  std::vector<at::Tensor> inputs;
  for (const graph::NamedValue& input : graph.inputs()) {
    if (input.name == "selected_positions") {
      inputs.push_back(int64_tensor(everywhere, {static_cast<int64_t>(everywhere.size())}));
    } else {
      const auto& values = input.name == "input_ids"        ? tokens
                           : input.name == "token_type_ids" ? types
                                                            : mask;
      inputs.push_back(int64_tensor(values, shape));
    }
  }
  return inputs;
}

}  // namespace edgetran::train::torch_engine
