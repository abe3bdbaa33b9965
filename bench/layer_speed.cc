// Milliseconds of a forward and a backward pass of one layer in our engine, for
// bench/mixed_layer.py:
//   layer_speed SPEC.json BATCH LENGTH THREADS PASSES
// The layer is what a spec of six layers takes longer than one of its first alone, so SPEC has one
// layer and is built with one and with six of them.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "encoder/encoder.h"
#include "train/torch/interpreter.h"
#include "train/torch/worker.h"
#include "weights/model_folder.h"

namespace {

using namespace edgetran;                       // NOLINT(google-build-using-namespace)
using namespace edgetran::train::torch_engine;  // NOLINT(google-build-using-namespace)

struct Encoder {
  graph::Graph graph;
  std::vector<at::Tensor> parameters, inputs;
};

base::Result<Encoder> make(space::ModelSpec spec, size_t layers, int64_t batch, int64_t length) {
  spec.layers.resize(layers, spec.layers.front());
  Encoder encoder;
  EDGETRAN_ASSIGN(encoder.graph, encoder::build_encoder(spec, {.pooler = false}));
  encoder.parameters = to_tensors(weights::initialize(encoder.graph, base::RandomStream(1, "speed"),
                                                      weights::Initialization::kOrderOne),
                                  true);
  for (size_t i = 0; i < encoder.graph.inputs().size(); ++i)
    encoder.inputs.push_back(at::zeros({batch, length}, at::kLong));
  return encoder;
}

double milliseconds(const Encoder& encoder) {
  const Interpreter interpreter(encoder.graph, {"last_hidden_state"});
  const auto start = std::chrono::steady_clock::now();
  PassOptions options;
  options.training = true;
  const at::Tensor y = interpreter.run(encoder.inputs, encoder.parameters, options)[0];
  y.backward(at::ones_like(y));
  const std::chrono::duration<double, std::milli> passed = std::chrono::steady_clock::now() - start;
  for (const at::Tensor& parameter : encoder.parameters) parameter.mutable_grad().reset();
  return passed.count();
}

base::Status run(char** argv) {
  const int64_t batch = std::atoll(argv[2]);
  const int64_t length = std::atoll(argv[3]);
  at::set_num_threads(std::atoi(argv[4]));
  EDGETRAN_ASSIGN(const auto info, weights::read_model_info(argv[1]));
  EDGETRAN_ASSIGN(const Encoder one, make(info.spec, 1, batch, length));
  EDGETRAN_ASSIGN(const Encoder six, make(info.spec, 6, batch, length));
  std::vector<double> layer;
  for (int pass = 0; pass < std::atoi(argv[5]); ++pass) {
    const double short_ms = milliseconds(one);
    const double long_ms = milliseconds(six);
    if (pass >= 2) layer.push_back((long_ms - short_ms) / 5);
  }
  std::sort(layer.begin(), layer.end());
  std::printf("{\"median_ms\": %.4f, \"min_ms\": %.4f}\n", layer[layer.size() / 2], layer.front());
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6 || std::atoi(argv[5]) < 3) {
    std::fprintf(stderr, "layer_speed SPEC.json BATCH LENGTH THREADS PASSES (at least 3)\n");
    return 2;
  }
  prepare_process();
  const base::Status status = run(argv);
  if (status) return 0;
  std::fprintf(stderr, "%s\n", status.error().message.c_str());
  return 1;
}
