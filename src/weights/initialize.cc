#include <cmath>

#include "weights/layout.h"
#include "weights/weights.h"

namespace edgetran::weights {
namespace {

using base::RandomStream;
using graph::Initializer;
using graph::ParameterRole;

// BERT's published standard deviation (Devlin et al., 2019).
constexpr double kTrainingDeviation = 0.02;
// Order-one weights: encoder.md, section 3.
constexpr double kOrderOneBiasDeviation = 0.3;
constexpr double kOrderOneNormSpread = 0.2;

// What one tensor is drawn from: identity (square tensors) + constant + normal or uniform noise.
struct Law {
  double constant = 0;
  double deviation = 0;
  double spread = 0;  ///< half the width of a uniform law
  bool identity = false;
};

Law training_law(Initializer initializer) {
  switch (initializer) {
    case Initializer::kNormal:
      return {.deviation = kTrainingDeviation};
    case Initializer::kZeros:
      return {};
    case Initializer::kOnes:
      return {.constant = 1};
    case Initializer::kIdentityPlusNormal:
      return {.deviation = kTrainingDeviation, .identity = true};
  }
  EDGETRAN_CHECK(false, "unknown initializer");
}

// fan_in of a linear map [out, in], of a point-wise one and of a depth-wise kernel [d, taps] is the
// last size of the tensor.
Law order_one_law(ParameterRole role, const std::vector<int64_t>& shape) {
  const auto fan_in = static_cast<double>(shape.empty() ? 1 : shape.back());
  switch (role) {
    case ParameterRole::kEmbedding:
    case ParameterRole::kRelative:
      return {.deviation = 1};
    case ParameterRole::kWeight:
      return {.deviation = 1 / std::sqrt(fan_in)};
    case ParameterRole::kBias:
      return {.deviation = kOrderOneBiasDeviation};
    case ParameterRole::kNormWeight:
      return {.constant = 1, .spread = kOrderOneNormSpread};
    case ParameterRole::kMixing:
      return {.deviation = 1 / std::sqrt(fan_in), .identity = true};
  }
  EDGETRAN_CHECK(false, "unknown parameter role");
}

std::vector<float> draw(const Law& law, const std::vector<int64_t>& shape, RandomStream stream) {
  std::vector<float> values(static_cast<size_t>(element_count(shape)));
  const size_t row = shape.empty() ? 1 : static_cast<size_t>(shape.back());
  for (size_t i = 0; i < values.size(); ++i) {
    double value = law.constant;
    if (law.identity && i / row == i % row) value += 1;
    if (law.deviation > 0) value += law.deviation * stream.normal();
    if (law.spread > 0) value += stream.uniform(-law.spread, law.spread);
    values[i] = static_cast<float>(value);
  }
  return values;
}

}  // namespace

Weights initialize(const graph::Graph& graph, const RandomStream& random,
                   Initialization initialization) {
  Weights weights(graph);
  graph::ParameterId id = 0;
  for (const graph::Parameter& parameter : graph.parameters()) {
    for (const graph::FileTensor& file : parameter.file_tensors) {
      const Law law = initialization == Initialization::kTraining
                          ? training_law(parameter.initializer)
                          : order_one_law(parameter.role, file.shape);
      EDGETRAN_CHECK(!law.identity || (file.shape.size() == 2 && file.shape[0] == file.shape[1]),
                     file.name + ": only a square matrix starts as the identity");
      scatter(file, draw(law, file.shape, random.derive(file.name)), weights.at(id));
    }
    ++id;
  }
  return weights;
}

}  // namespace edgetran::weights
