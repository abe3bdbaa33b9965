#pragma once

#include <array>

#include "encoder/head_type.h"

// Head types for tests of what is the same for all: grouping, storage order, file views.

namespace edgetran::encoder::testing {

inline graph::ValueId mix_values(graph::Builder& builder, const HeadGroup& heads) {
  return builder.gelu(heads.values);
}

/// Attention over values that a matrix of each head's own is a parameter beside.
inline graph::ValueId mix_with_parameter(graph::Builder& builder, const HeadGroup& heads) {
  head_parameter(builder, heads, "mixing", {heads.width, heads.width},
                 graph::Initializer::kIdentityPlusNormal, graph::ParameterRole::kMixing);
  return builder.attention(heads.queries, heads.keys, heads.values, heads.relative, heads.mask);
}

inline graph::ValueId mix_attention(graph::Builder& builder, const HeadGroup& heads) {
  return builder.attention(heads.queries, heads.keys, heads.values, heads.relative, heads.mask);
}

inline constexpr HeadType kValueFirst{
    .name = "v_first", .uses = Uses::kValueOnly, .mix = mix_values};
inline constexpr HeadType kPlain{.name = "q_plain",
                                 .uses = Uses::kQueryKeyValue,
                                 .relative_positions = true,
                                 .mix = mix_attention};
inline constexpr HeadType kMixing{
    .name = "q_mixing", .uses = Uses::kQueryKeyValue, .mix = mix_with_parameter};
inline constexpr HeadType kValueLast{.name = "v_last", .uses = Uses::kValueOnly, .mix = mix_values};

/// In a registry order that starts with a type without queries.
inline constexpr std::array<const HeadType*, 4> kMadeUp{&kValueFirst, &kPlain, &kMixing,
                                                        &kValueLast};

}  // namespace edgetran::encoder::testing
