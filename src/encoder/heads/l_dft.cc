#include "encoder/heads/registry.h"

namespace edgetran::encoder {
namespace {

// Real part of the two-dimensional DFT of the values (encoder.md, section 2; after Lee-Thorp et
// al., FNet, NAACL 2022), over the valid positions and with an orthonormal scale.
graph::ValueId mix(graph::Builder& builder, const HeadGroup& heads) {
  return builder.spectral(graph::Spectrum::kDft, heads.values, heads.mask);
}

}  // namespace

constinit const HeadType kLDft{.name = "l_dft", .uses = Uses::kValueOnly, .mix = mix};

}  // namespace edgetran::encoder
