#include "encoder/embeddings.h"

#include <string>

#include "encoder/parts.h"

namespace edgetran::encoder {
namespace {

graph::ValueId table(graph::Builder& builder, const std::string& kind, const std::string& rows,
                     int64_t row_count, graph::AxisId width) {
  return builder.parameter("embeddings." + kind + ".weight", {builder.axis(rows, row_count), width},
                           graph::Initializer::kNormal, graph::ParameterRole::kEmbedding);
}

}  // namespace

Embeddings build_embeddings(graph::Builder& builder, const space::ModelSpec& spec) {
  builder.set_scope("embeddings");
  const int64_t layer_width = spec.layers.front().width;
  const int64_t size = spec.embedding == 0 ? layer_width : spec.embedding;
  const graph::AxisId width = builder.axis("embedding", size);
  const graph::Shape ids{builder.batch(), builder.length()};
  const graph::ValueId words = builder.input("input_ids", graph::ElementType::kInt64, ids);
  const graph::ValueId types = builder.input("token_type_ids", graph::ElementType::kInt64, ids);

  const graph::ValueId word_table = table(builder, "word", "vocabulary", spec.vocabulary, width);
  graph::ValueId x = builder.embedding(word_table, words);
  const graph::ValueId type_table = table(builder, "type", "types", spec.types, width);
  x = builder.add(x, builder.embedding(type_table, types));
  if (spec.position == space::PositionKind::kAbsolute)
    x = builder.add(
        x, builder.position_rows(table(builder, "position", "positions", spec.positions, width)));
  x = builder.dropout(layer_norm(builder, "embeddings.norm", x));
  if (size != layer_width)
    x = linear(builder, "embeddings.projection", x, builder.axis("layers.0.width", layer_width));
  return {word_table, x};
}

}  // namespace edgetran::encoder
