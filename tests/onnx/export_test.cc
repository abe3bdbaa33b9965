#include "onnx/export.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "encoder/encoder.h"
#include "graph/builder.h"
#include "onnx/checker.h"
#include "onnx/onnx_pb.h"
#include "onnx/shape_inference/implementation.h"
#include "weights/random_spec.h"

namespace edgetran::onnx {
namespace {

using base::ErrorCategory;
using encoder::BuildOptions;
using encoder::TaskHead;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

space::ModelSpec spec_of(space::PositionKind position) {
  return {.vocabulary = 40,
          .positions = 16,
          .position = position,
          .embedding = 8,
          .layers = {{.width = 12,
                      .head_width = 5,
                      .heads = {"sa_sdp", "sa_sdp", "sa_sdp"},
                      .feed_forward = {20, 24}},
                     {.width = 16, .head_width = 4, .heads = {"sa_sdp"}, .feed_forward = {32}}}};
}

base::Result<std::string> export_spec(const space::ModelSpec& spec, const BuildOptions& build,
                                      const ExportOptions& options) {
  const auto graph = encoder::build_encoder(spec, build);
  EXPECT_TRUE(graph) << graph.error().message;
  const auto weights = weights::initialize(*graph, {1, "w"}, weights::Initialization::kOrderOne);
  return export_onnx(*graph, weights, options);
}

::onnx::ModelProto parse(const base::Result<std::string>& bytes) {
  ::onnx::ModelProto model;
  EXPECT_TRUE(bytes) << bytes.error().message;
  EXPECT_TRUE(bytes && model.ParseFromString(*bytes));
  return model;
}

::onnx::ModelProto classifier(const ExportOptions& options, bool mask = false,
                              space::PositionKind position = space::PositionKind::kAbsolute) {
  return parse(export_spec(spec_of(position),
                           {.head = TaskHead::kClassifier, .labels = 3, .mask = mask}, options));
}

template <class Values>
std::vector<std::string> names(const Values& values) {
  std::vector<std::string> result;
  for (const auto& value : values) result.push_back(value.name());
  return result;
}

std::vector<std::string> shape_of(const ::onnx::ValueInfoProto& value) {
  std::vector<std::string> shape;
  for (const auto& dimension : value.type().tensor_type().shape().dim())
    shape.push_back(dimension.has_dim_param() ? dimension.dim_param()
                                              : std::to_string(dimension.dim_value()));
  return shape;
}

int64_t count_operators(const ::onnx::ModelProto& model, const std::string& type) {
  return std::count_if(model.graph().node().begin(), model.graph().node().end(),
                       [&](const auto& node) { return node.op_type() == type; });
}

int64_t initializer_elements(const ::onnx::ModelProto& model) {
  int64_t count = 0;
  for (const auto& tensor : model.graph().initializer()) {
    int64_t elements = 1;
    for (const int64_t size : tensor.dims()) elements *= size;
    if (tensor.data_type() == ::onnx::TensorProto::FLOAT) count += elements;
  }
  return count;
}

TEST(ExportTest, is_opset_17_made_by_edgetran_and_accepted_by_the_checker) {
  const auto model = classifier({.length = 10});
  EXPECT_EQ(model.producer_name(), "edgetran");
  EXPECT_FALSE(model.producer_version().empty());
  ASSERT_EQ(model.opset_import_size(), 1);
  EXPECT_EQ(model.opset_import(0).version(), 17);
  EXPECT_NO_THROW(::onnx::checker::check_model(model));
}

TEST(ExportTest, has_numbers_for_shapes_in_a_static_model) {
  const auto model = classifier({.batch = 2, .length = 10});
  EXPECT_THAT(names(model.graph().input()), ElementsAre("input_ids", "token_type_ids"));
  EXPECT_THAT(shape_of(model.graph().input(0)), ElementsAre("2", "10"));
  EXPECT_EQ(model.graph().input(0).type().tensor_type().elem_type(), ::onnx::TensorProto::INT64);
  EXPECT_THAT(names(model.graph().output()), ElementsAre("logits"));
  EXPECT_THAT(shape_of(model.graph().output(0)), ElementsAre("2", "3"));
}

TEST(ExportTest, has_symbols_for_shapes_in_a_dynamic_model) {
  const auto model = classifier({.dynamic = true, .hidden = true}, true);
  EXPECT_THAT(names(model.graph().input()),
              ElementsAre("input_ids", "token_type_ids", "attention_mask"));
  EXPECT_THAT(shape_of(model.graph().input(2)), ElementsAre("batch", "length"));
  EXPECT_THAT(names(model.graph().output()), ElementsAre("logits", "last_hidden_state"));
  EXPECT_THAT(shape_of(model.graph().output(1)), ElementsAre("batch", "length", "16"));
}

TEST(ExportTest, folds_all_that_depends_on_the_length_into_a_static_model) {
  for (const auto position : {space::PositionKind::kAbsolute, space::PositionKind::kRelativeKey}) {
    const auto model = classifier({.length = 10}, false, position);
    EXPECT_EQ(count_operators(model, "Shape"), 0);
    EXPECT_EQ(count_operators(model, "Concat"), 0);
  }
  const auto model = classifier({.length = 10});
  const auto& initializers = model.graph().initializer();
  const auto table = std::find_if(initializers.begin(), initializers.end(), [](const auto& tensor) {
    return tensor.name().starts_with("embeddings.position.weight");
  });
  ASSERT_NE(table, initializers.end());
  EXPECT_THAT(table->dims(), ElementsAre(10, 8));
}

TEST(ExportTest, gives_shape_inference_what_it_needs) {
  for (const auto position : {space::PositionKind::kAbsolute, space::PositionKind::kRelativeKey}) {
    auto model = classifier({.batch = 2, .length = 10, .hidden = true}, true, position);
    for (auto& output : *model.mutable_graph()->mutable_output())
      output.mutable_type()->mutable_tensor_type()->clear_shape();
    ::onnx::shape_inference::InferShapes(model);
    EXPECT_THAT(shape_of(model.graph().output(0)), ElementsAre("2", "3"));
    EXPECT_THAT(shape_of(model.graph().output(1)), ElementsAre("2", "10", "16"));
  }
}

TEST(ExportTest, gives_equal_bytes_for_equal_input) {
  const auto spec = spec_of(space::PositionKind::kRelativeKey);
  for (const bool dynamic : {false, true}) {
    const ExportOptions options{.dynamic = dynamic, .length = 8, .hidden = true};
    EXPECT_EQ(export_spec(spec, {.mask = true}, options).value(),
              export_spec(spec, {.mask = true}, options).value());
  }
}

TEST(ExportTest, has_readable_names_that_are_unique) {
  const auto model = classifier({.dynamic = true}, true, space::PositionKind::kRelativeKey);
  std::set<std::string> made;
  for (const auto& node : model.graph().node()) {
    EXPECT_FALSE(node.name().empty());
    EXPECT_TRUE(made.insert(node.output(0)).second) << node.output(0);
  }
  EXPECT_TRUE(made.contains("layers.1.attention/softmax"));
}

TEST(ExportTest, stores_the_tied_embedding_once) {
  const auto spec = spec_of(space::PositionKind::kAbsolute);
  const BuildOptions build{.head = TaskHead::kMaskedLanguageModel};
  const auto graph = encoder::build_encoder(spec, build).value();
  int64_t parameters = 0;
  for (const auto& parameter : graph.parameters()) parameters += graph.element_count(parameter);
  const auto model = parse(export_spec(spec, build, {.length = 16}));
  EXPECT_THAT(names(model.graph().output()), ElementsAre("mlm_logits"));
  EXPECT_THAT(shape_of(model.graph().output(0)), ElementsAre("selected", "40"));
  // All parameters once, and a handful of scalar constants.
  EXPECT_GE(initializer_elements(model), parameters);
  EXPECT_LT(initializer_elements(model), parameters + 10);
}

TEST(ExportTest, leaves_out_what_no_output_needs) {
  const auto spec = spec_of(space::PositionKind::kAbsolute);
  const auto bare = parse(export_spec(spec, {.pooler = false}, {.length = 10}));
  EXPECT_THAT(names(bare.graph().output()), ElementsAre("last_hidden_state"));
  const auto pooled = parse(export_spec(spec, {}, {.length = 10}));
  EXPECT_THAT(names(pooled.graph().output()), ElementsAre("last_hidden_state", "pooled"));
  std::set<std::string> read;
  const auto& graph = pooled.graph();
  for (const auto& node : graph.node()) read.insert(node.input().begin(), node.input().end());
  for (const auto& output : graph.output()) read.insert(output.name());
  for (const auto& node : graph.node()) EXPECT_TRUE(read.contains(node.output(0))) << node.name();
  for (const auto& tensor : graph.initializer()) EXPECT_TRUE(read.contains(tensor.name()));
}

TEST(ExportTest, makes_the_mask_once_for_all_layers) {
  EXPECT_EQ(count_operators(classifier({.length = 10}, true), "Cast"), 1);
}

TEST(ExportTest, copies_a_value_that_is_two_outputs) {
  graph::Builder builder;
  const auto width = builder.axis("width", 3), rows = builder.axis("rows", 4);
  const auto ids =
      builder.input("ids", graph::ElementType::kInt64, {builder.batch(), builder.length()});
  const auto table = builder.parameter("table", {rows, width}, graph::Initializer::kNormal,
                                       graph::ParameterRole::kEmbedding);
  const auto x = builder.embedding(table, ids);
  builder.output("logits", builder.dropout(x));
  builder.output("last_hidden_state", x);
  const auto graph = builder.build();
  const auto model = parse(export_onnx(graph, weights::Weights(graph), {.hidden = true}));
  EXPECT_THAT(names(model.graph().output()), ElementsAre("logits", "last_hidden_state"));
  EXPECT_EQ(count_operators(model, "Identity"), 1);
}

TEST(ExportTest, slices_and_joins_the_groups_of_heads) {
  graph::Builder builder;
  const auto width = builder.axis("width", 6), head = builder.axis("head", 3);
  const std::vector<graph::AxisPart> parts{{builder.axis("a", 2), head},
                                           {builder.axis("b", 1), head}};
  const auto features = builder.composite_axis("features", parts);
  const auto ids =
      builder.input("ids", graph::ElementType::kInt64, {builder.batch(), builder.length()});
  const auto table = builder.parameter("table", {width, features}, graph::Initializer::kNormal,
                                       graph::ParameterRole::kEmbedding);
  const auto x = builder.embedding(table, ids);
  builder.set_scope("heads");
  builder.output(
      "last_hidden_state",
      builder.merge_heads({builder.split_heads(x, 0), builder.split_heads(x, 1)}, features));
  const auto graph = builder.build();
  auto model = parse(export_onnx(graph, weights::Weights(graph), {.batch = 2, .length = 5}));
  EXPECT_EQ(count_operators(model, "Slice"), 2);
  EXPECT_EQ(count_operators(model, "Concat"), 1);
  model.mutable_graph()->mutable_output(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  ::onnx::shape_inference::InferShapes(model);
  EXPECT_THAT(shape_of(model.graph().output(0)), ElementsAre("2", "5", "9"));
}

TEST(ExportTest, accepts_random_specs_in_every_form) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const space::ModelSpec spec = testing::random_spec(seed);
    for (const auto head :
         {TaskHead::kNone, TaskHead::kClassifier, TaskHead::kMaskedLanguageModel}) {
      for (const bool dynamic : {false, true}) {
        const auto bytes = export_spec(spec, {.head = head, .mask = dynamic},
                                       {.dynamic = dynamic, .length = 5, .hidden = true});
        EXPECT_TRUE(bytes) << bytes.error().message;
      }
    }
  }
}

TEST(ExportTest, refuses_a_length_above_the_positions) {
  for (const auto position : {space::PositionKind::kAbsolute, space::PositionKind::kRelativeKey}) {
    const auto bytes = export_spec(spec_of(position), {}, {.length = 17});
    ASSERT_FALSE(bytes);
    EXPECT_EQ(bytes.error().category, ErrorCategory::kUsage);
    EXPECT_THAT(bytes.error().message, HasSubstr("17"));
    EXPECT_THAT(bytes.error().message, HasSubstr("16 positions"));
  }
}

TEST(ExportTest, refuses_sizes_that_are_not_positive) {
  const auto spec = spec_of(space::PositionKind::kAbsolute);
  EXPECT_THAT(export_spec(spec, {}, {.batch = 0}).error().message, HasSubstr("batch is 0"));
  EXPECT_THAT(export_spec(spec, {}, {.length = -3}).error().message, HasSubstr("length is -3"));
}

TEST(ExportTest, refuses_a_model_above_two_gibibytes_before_it_writes_one) {
  space::ModelSpec spec = spec_of(space::PositionKind::kAbsolute);
  spec.vocabulary = 1'000'000;
  spec.embedding = 768;
  const auto graph = encoder::build_encoder(spec, {}).value();
  const auto bytes = export_onnx(graph, weights::Weights(), {.length = 8});
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().category, ErrorCategory::kResource);
  EXPECT_THAT(bytes.error().message, HasSubstr("2147483647"));
  EXPECT_THAT(bytes.error().hint, ::testing::Not(IsEmpty()));
}

}  // namespace
}  // namespace edgetran::onnx
