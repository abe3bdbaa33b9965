#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "encoder/build.h"
#include "encoder/encoder.h"
#include "encoder/made_up_heads.h"
#include "encoder/random_spec.h"
#include "weights/layout.h"
#include "weights/transfer.h"

// Graphs with made-up head types and weights of order 1, for tests of transfer.

namespace edgetran::weights::testing {

using base::RandomStream;
using graph::Graph;
using space::ModelSpec;

inline constexpr TransferMode kModes[] = {TransferMode::kOrdered, TransferMode::kProjection,
                                          TransferMode::kImportance};

inline Graph build(const ModelSpec& spec, const encoder::BuildOptions& options = {}) {
  auto graph = encoder::build_encoder(spec, options, encoder::testing::kMadeUp);
  EXPECT_TRUE(graph) << graph.error().message;
  return std::move(*graph);
}

/// Specs with every made-up head type.
inline ModelSpec random_spec(uint64_t seed) {
  RandomStream random(seed, "spec");
  const encoder::testing::SpecChoices choices{
      .heads = {"v_first", "q_plain", "q_mixing", "v_last"}};
  ModelSpec spec = encoder::testing::random_spec(random, choices);
  spec.vocabulary = 30 + static_cast<int64_t>(random.below(20));
  spec.positions = 8 + static_cast<int64_t>(random.below(8));
  return spec;
}

inline ModelSpec small_spec() {
  return {.vocabulary = 12,
          .positions = 6,
          .embedding = 8,
          .layers = {{.width = 8,
                      .head_width = 3,
                      .heads = {"q_plain", "v_last", "q_plain"},
                      .feed_forward = {10}}}};
}

inline Weights order_one(const Graph& graph, uint64_t seed = 1) {
  return initialize(graph, RandomStream(seed, "weights"), Initialization::kOrderOne);
}

/// A tensor of the model file.
inline std::vector<float> filed(const Graph& graph, const Weights& weights,
                                const std::string& name) {
  graph::ParameterId id = 0;
  for (const graph::Parameter& parameter : graph.parameters()) {
    for (const graph::FileTensor& file : parameter.file_tensors)
      if (file.name == name) return gather(file, weights.at(id));
    ++id;
  }
  ADD_FAILURE() << "no tensor " << name;
  return {};
}

}  // namespace edgetran::weights::testing
