#include "encoder/encoder.h"

#include <fmt/core.h>

#include <utility>

#include "encoder/build.h"
#include "encoder/embeddings.h"
#include "encoder/heads/registry.h"
#include "encoder/layer.h"
#include "encoder/parts.h"
#include "encoder/task_heads.h"
#include "encoder/validate.h"

namespace edgetran::encoder {
namespace {

base::Result<std::vector<HeadLayout>> arrange_layers(const space::ModelSpec& spec,
                                                     HeadRegistry registry) {
  std::vector<HeadLayout> result;
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    auto layout = arrange_heads(registry, spec.layers[i].heads);
    if (!layout) return base::fail(layout.error().within(fmt::format("layers.{}.heads", i)));
    result.push_back(std::move(*layout));
  }
  return result;
}

/// x as the next layer reads it: projected where its width is another one.
graph::ValueId project_width(graph::Builder& builder, const space::ModelSpec& spec, size_t index,
                             graph::ValueId x) {
  if (index + 1 == spec.layers.size()) return x;
  const int64_t next = spec.layers[index + 1].width;
  if (next == spec.layers[index].width) return x;
  const std::string name = fmt::format("layers.{}.projection", index);
  builder.set_scope(name, static_cast<int32_t>(index));
  return linear(builder, name, x, builder.axis(fmt::format("layers.{}.width", index + 1), next));
}

void build_task_head(graph::Builder& builder, const BuildOptions& options, graph::ValueId words,
                     graph::ValueId x) {
  if (options.head == TaskHead::kMaskedLanguageModel) {
    builder.output("mlm_logits", build_masked_language_model(builder, x, words));
    return;
  }
  if (options.head == TaskHead::kNone && !options.pooler) return;
  const graph::ValueId pooled = build_pooler(builder, x);
  builder.output("pooled", pooled);
  if (options.head == TaskHead::kClassifier)
    builder.output("logits", build_classifier(builder, pooled, options.labels));
}

base::Status check_total(const graph::Graph& graph) {
  int64_t total = 0;  // cannot overflow: bounded sizes and a bounded number of parameters
  for (const graph::Parameter& parameter : graph.parameters())
    total += graph.element_count(parameter);
  if (total <= kMaxParameters) return {};
  return base::fail(base::ErrorCategory::kUsage,
                    fmt::format("the model would have {} parameters; at most {} are allowed", total,
                                kMaxParameters),
                    "make the vocabulary, the widths or the stacks smaller");
}

}  // namespace

base::Result<graph::Graph> build_encoder(const space::ModelSpec& spec, const BuildOptions& options,
                                         HeadRegistry registry) {
  EDGETRAN_TRY(validate_sizes(spec, options));
  EDGETRAN_ASSIGN(const std::vector<HeadLayout> heads, arrange_layers(spec, registry));
  graph::Builder builder;
  const Embeddings embeddings = build_embeddings(builder, spec);
  graph::ValueId mask = graph::kNone;
  if (options.mask)
    mask = builder.input("attention_mask", graph::ElementType::kInt64,
                         {builder.batch(), builder.length()});
  graph::ValueId x = embeddings.output;
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    if (options.hidden_states) builder.output(fmt::format("hidden_states.{}", i), x);
    x = build_layer(builder, spec, static_cast<int32_t>(i), heads[i], x, mask);
    x = project_width(builder, spec, i, x);
  }
  if (options.hidden_states) builder.output(fmt::format("hidden_states.{}", spec.layers.size()), x);
  builder.output("last_hidden_state", x);
  build_task_head(builder, options, embeddings.words, x);
  graph::Graph graph = builder.build();
  EDGETRAN_TRY(check_total(graph));
  return graph;
}

base::Result<graph::Graph> build_encoder(const space::ModelSpec& spec,
                                         const BuildOptions& options) {
  return build_encoder(spec, options, builtin_head_types());
}

}  // namespace edgetran::encoder
