#include "encoder/heads/registry.h"

namespace edgetran::encoder {
namespace {

// Attention with a weighted multiplicative score (encoder.md, section 2; Luong et al. 2015):
// softmax((Q M Kᵀ + P) / √d + mask) V. Q M Kᵀ = Q (K Mᵀ)ᵀ, so the matrix goes to the keys and the
// relative scores P read the queries as they are.
graph::ValueId mix(graph::Builder& builder, const HeadGroup& heads) {
  const graph::ValueId mixing =
      head_parameter(builder, heads, "mixing", {heads.width, heads.width},
                     graph::Initializer::kIdentityPlusNormal, graph::ParameterRole::kMixing);
  const graph::ValueId keys = builder.head_linear(heads.keys, mixing, graph::kNone);
  return builder.attention(heads.queries, keys, heads.values, heads.relative, heads.mask);
}

}  // namespace

constinit const HeadType kSaWma{
    .name = "sa_wma", .uses = Uses::kQueryKeyValue, .relative_positions = true, .mix = mix};

}  // namespace edgetran::encoder
