#pragma once

#include <cstdint>

#include "train/torch/engine.h"

namespace edgetran::train::torch_engine {

/// An independent key for the index-th use under `key`.
uint64_t derive_key(uint64_t key, int64_t index);

/// Sets each element to zero with probability `share`, scales the rest by 1 / (1 - share). Which
/// elements fall depends on (key, element index) only - not on threads, ATen's generators or what
/// ran before - and is computed anew in the backward pass, so no mask is stored and a resumed run
/// drops the same elements. share 0 returns `x` itself. Not named
/// dropout: argument lookup would also find at::dropout, which takes a flag in the key's place.
at::Tensor keyed_dropout(const at::Tensor& x, double share, uint64_t key);

}  // namespace edgetran::train::torch_engine
