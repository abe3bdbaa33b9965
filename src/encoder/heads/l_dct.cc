#include "encoder/heads/registry.h"

namespace edgetran::encoder {
namespace {

// The two-dimensional orthonormal DCT-II of the values (encoder.md, section 2; Ahmed et al. 1974).
graph::ValueId mix(graph::Builder& builder, const HeadGroup& heads) {
  return builder.spectral(graph::Spectrum::kDct, heads.values, heads.mask);
}

}  // namespace

constinit const HeadType kLDct{.name = "l_dct", .uses = Uses::kValueOnly, .mix = mix};

}  // namespace edgetran::encoder
