#include "encoder/task_heads.h"

#include "encoder/parts.h"

namespace edgetran::encoder {

graph::ValueId build_pooler(graph::Builder& builder, graph::ValueId x) {
  builder.set_scope("pooler");
  // In and out are one axis: a spec has no width of its own for the pooler.
  return builder.tanh(linear(builder, "pooler", builder.first_token(x), builder.last_axis(x)));
}

graph::ValueId build_classifier(graph::Builder& builder, graph::ValueId pooled, int64_t labels) {
  builder.set_scope("classifier");
  return linear(builder, "classifier", builder.dropout(pooled), builder.axis("labels", labels));
}

graph::ValueId build_masked_language_model(graph::Builder& builder, graph::ValueId x,
                                           graph::ValueId words) {
  builder.set_scope("mlm");
  const graph::ValueId positions =
      builder.input("selected_positions", graph::ElementType::kInt64, {builder.selected()});
  const graph::Shape table = builder.shape(words);  // [vocabulary, embedding]
  x = builder.select_positions(x, positions);
  x = builder.gelu(linear(builder, "mlm.transform", x, table[1]));
  x = layer_norm(builder, "mlm.norm", x);
  const graph::ValueId bias = builder.parameter("mlm.bias", {table[0]}, graph::Initializer::kZeros,
                                                graph::ParameterRole::kBias);
  return builder.linear(x, words, bias);
}

}  // namespace edgetran::encoder
