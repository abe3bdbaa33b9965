#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "graph/graph.h"
#include "train/torch/engine.h"

namespace edgetran::train::torch_engine {

/// The matrices along positions of a batch's transforms (graph/spectrum.h), made on first use and
/// shared by all layers of a pass.
class PositionMatrices {
 public:
  enum class Wave : uint8_t { kCosine, kSine, kDct };

  /// C_n, S_n or D_n of the valid positions, of `like`'s type and device: [length, length] where
  /// the mask [batch, length] int64 is undefined, else [batch, length, length], zero beyond n.
  const at::Tensor& get(Wave wave, int64_t length, const at::Tensor& mask, const at::Tensor& like);

 private:
  std::map<std::pair<Wave, at::ScalarType>, at::Tensor> made_;
};

/// Op::kSpectral of x [batch, heads, length, width]; the mask may be undefined.
at::Tensor spectral_transform(graph::Spectrum spectrum, const at::Tensor& x, const at::Tensor& mask,
                              PositionMatrices& matrices);

}  // namespace edgetran::train::torch_engine
