#include "encoder/heads/registry.h"

namespace edgetran::encoder {
namespace {

// Scaled dot-product attention, with relative keys where the layer has them (encoder.md, section 2;
// Vaswani et al. 2017; relative keys: Shaw et al. 2018).
graph::ValueId mix(graph::Builder& builder, const HeadGroup& heads) {
  return builder.attention(heads.queries, heads.keys, heads.values, heads.relative, heads.mask);
}

}  // namespace

constinit const HeadType kSaSdp{
    .name = "sa_sdp", .uses = Uses::kQueryKeyValue, .relative_positions = true, .mix = mix};

}  // namespace edgetran::encoder
