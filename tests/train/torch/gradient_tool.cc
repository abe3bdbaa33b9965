// Gradients of a model folder's parameters, for the comparison with the oracle in Python:
//   gradient_tool MODEL INPUTS.safetensors OUTPUTS.safetensors [MODEL INPUTS OUTPUTS ...]
// INPUTS: input_ids, token_type_ids, attention_mask [batch, length] int64, and the directions
// "logits" [batch, labels] and "last_hidden_state" [batch, length, width] float32 whose products
// with the outputs are summed. OUTPUTS: a model file of gradients.
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "train/torch/interpreter.h"
#include "train/torch/model.h"
#include "train/torch/objective.h"
#include "weights/safetensors.h"

namespace {

using namespace edgetran;                       // NOLINT(google-build-using-namespace)
using namespace edgetran::train::torch_engine;  // NOLINT(google-build-using-namespace)

base::Result<at::Tensor> floats(const weights::SafetensorsFile& file, const char* name) {
  const weights::TensorView* view = file.find(name);
  if (view == nullptr) return base::fail(base::ErrorCategory::kUsage, std::string("no ") + name);
  EDGETRAN_ASSIGN(const auto values, weights::read_floats(*view));
  at::Tensor tensor = at::empty(view->shape, at::kFloat);
  std::memcpy(tensor.mutable_data_ptr<float>(), values.data(), values.size() * sizeof(float));
  return tensor;
}

base::Result<at::Tensor> integers(const weights::SafetensorsFile& file, const std::string& name) {
  const weights::TensorView* view = file.find(name);
  if (view == nullptr) return base::fail(base::ErrorCategory::kUsage, "no " + name);
  EDGETRAN_ASSIGN(const auto values, weights::read_integers(*view));
  return int64_tensor(std::span<const int64_t>(values), view->shape);
}

base::Status run(const std::string& folder, const std::string& source, const std::string& target) {
  EDGETRAN_ASSIGN(const Model model, load_trained(folder));
  EDGETRAN_ASSIGN(const auto file, weights::SafetensorsFile::open(source));
  std::vector<at::Tensor> inputs;
  for (const graph::NamedValue& input : model.graph.inputs()) {
    EDGETRAN_ASSIGN(at::Tensor tensor, integers(file, input.name));
    inputs.push_back(std::move(tensor));
  }
  const std::vector<std::string> outputs{"logits", "last_hidden_state"};
  const Interpreter interpreter(model.graph, outputs);
  const std::vector<at::Tensor> parameters = to_tensors(model.weights, true);
  PassOptions options;
  options.training = true;
  const auto values = interpreter.run(inputs, parameters, options);
  at::Tensor sum = at::zeros({}, at::kFloat);
  for (size_t i = 0; i < outputs.size(); ++i) {
    EDGETRAN_ASSIGN(const at::Tensor direction, floats(file, outputs[i].c_str()));
    sum = sum + (values[i] * direction).sum();
  }
  sum.backward();
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& parameter : parameters)
    gradients.push_back(parameter.grad().defined() ? parameter.grad()
                                                   : at::zeros_like(parameter.detach()));
  return weights::save_weights(to_weights(model.graph, gradients), model.graph, target);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4 || argc % 3 != 1) return 2;
  for (int i = 1; i < argc; i += 3) {
    const base::Status status = run(argv[i], argv[i + 1], argv[i + 2]);
    if (status) continue;
    std::fprintf(stderr, "%s: %s\n", argv[i], status.error().message.c_str());
    return 1;
  }
  return 0;
}
