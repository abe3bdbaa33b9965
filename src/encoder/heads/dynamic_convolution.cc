#include <fmt/core.h>

#include "encoder/heads/registry.h"

namespace edgetran::encoder {
namespace {

using graph::Initializer;
using graph::ParameterRole;
using graph::ValueId;

/// y = x Wᵀ + b with parameters name.weight [out, in] and name.bias [out] of each head.
ValueId linear_of_each(graph::Builder& builder, const HeadGroup& heads, const std::string& name,
                       ValueId x, graph::AxisId out) {
  const ValueId weight =
      head_parameter(builder, heads, name + ".weight", {out, builder.last_axis(x)},
                     Initializer::kNormal, ParameterRole::kWeight);
  const ValueId bias = head_parameter(builder, heads, name + ".bias", {out}, Initializer::kZeros,
                                      ParameterRole::kBias);
  return builder.head_linear(x, weight, bias);
}

// ConvBERT's span-based dynamic convolution (encoder.md, section 2; Jiang et al., NeurIPS 2020): a
// separable convolution of the keys says, times the queries, which taps a position wants.
template <int kTaps>
ValueId mix(graph::Builder& builder, const HeadGroup& heads) {
  const graph::AxisId taps = builder.axis(fmt::format("taps_{}", kTaps), kTaps);
  const ValueId filters = head_parameter(builder, heads, "depthwise.weight", {heads.width, taps},
                                         Initializer::kNormal, ParameterRole::kWeight);
  const ValueId spans =
      linear_of_each(builder, heads, "pointwise",
                     builder.depthwise_convolution(heads.keys, filters, heads.mask), heads.width);
  const ValueId scores =
      linear_of_each(builder, heads, "kernel", builder.multiply(spans, heads.queries), taps);
  const ValueId values = linear_of_each(builder, heads, "value", heads.values, heads.width);
  return builder.dynamic_convolution(scores, values, heads.mask);
}

}  // namespace

constinit const HeadType kC5{.name = "c_5", .uses = Uses::kQueryKeyValue, .mix = mix<5>};
constinit const HeadType kC9{.name = "c_9", .uses = Uses::kQueryKeyValue, .mix = mix<9>};
constinit const HeadType kC13{.name = "c_13", .uses = Uses::kQueryKeyValue, .mix = mix<13>};

}  // namespace edgetran::encoder
