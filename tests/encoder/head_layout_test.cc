#include "encoder/head_layout.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "encoder/build.h"
#include "encoder/made_up_heads.h"
#include "encoder/random_spec.h"
#include "graph/file_tensor.h"

namespace edgetran::encoder {
namespace {

using testing::kMadeUp;

const std::vector<std::string> kMixed{"v_last",   "q_mixing", "q_plain", "v_first",
                                      "q_mixing", "q_plain",  "v_last"};

space::ModelSpec one_layer(std::vector<std::string> heads) {
  space::ModelSpec spec;
  spec.vocabulary = 20;
  spec.positions = 8;
  spec.layers = {{.width = 6, .head_width = 3, .heads = std::move(heads), .feed_forward = {5}}};
  return spec;
}

const graph::Parameter& parameter(const graph::Graph& graph, const std::string& name) {
  return graph.parameters()[static_cast<size_t>(graph.find_parameter(name))];
}

using Blocks = std::vector<std::array<int64_t, 3>>;
Blocks plain(const std::vector<graph::FileTensor::Block>& blocks) {
  Blocks result;
  for (const auto& block : blocks)
    result.push_back({block.file_begin, block.parameter_begin, block.count});
  return result;
}

TEST(HeadLayout, GroupsByTypeWithQueryTypesFirstThenRegistryOrder) {
  const HeadLayout layout = arrange_heads(kMadeUp, kMixed).value();
  ASSERT_EQ(layout.groups.size(), 4U);
  EXPECT_EQ(layout.query_groups, 2U);
  EXPECT_EQ(layout.groups[0].type->name, "q_plain");
  EXPECT_EQ(layout.groups[1].type->name, "q_mixing");
  EXPECT_EQ(layout.groups[2].type->name, "v_first");
  EXPECT_EQ(layout.groups[3].type->name, "v_last");
  EXPECT_EQ(layout.execution(4), (std::vector<int64_t>{2, 5, 1, 4, 3, 0, 6}));
  EXPECT_EQ(layout.execution(layout.query_groups), (std::vector<int64_t>{2, 5, 1, 4}));
}

TEST(HeadLayout, OneTypeIsFiledAsItIsStored) {
  EXPECT_EQ(plain(listed_blocks({0, 1, 2}, 4)), (Blocks{{0, 0, 12}}));
}

TEST(HeadLayout, BlocksLeadFromTheListedPlaceToTheStoredOne) {
  EXPECT_EQ(plain(listed_blocks({2, 5, 1, 4, 3, 0, 6}, 10)), (Blocks{{20, 0, 10},
                                                                     {50, 10, 10},
                                                                     {10, 20, 10},
                                                                     {40, 30, 10},
                                                                     {30, 40, 10},
                                                                     {0, 50, 10},
                                                                     {60, 60, 10}}));
}

TEST(HeadLayout, QueriesSkipTheHeadsThatHaveNone) {
  // Listed places 1, 2, 4, 5 have queries: they are rows 0 to 3 of the file.
  EXPECT_EQ(plain(listed_blocks({2, 5, 1, 4}, 10)),
            (Blocks{{10, 0, 10}, {30, 10, 10}, {0, 20, 10}, {20, 30, 10}}));
}

RC_GTEST_PROP(HeadLayout, BlocksAreThePermutationOfTheListedHeads, ()) {
  const auto heads = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("v_first", "q_plain", "q_mixing", "v_last")));
  const auto width = *rc::gen::inRange<int64_t>(1, 5);
  const std::vector<int64_t> execution =
      arrange_heads(kMadeUp, heads).value().execution(std::set(heads.begin(), heads.end()).size());
  std::map<int64_t, int64_t> filed_of;  // stored index -> filed index
  for (const auto& block : listed_blocks(execution, width))
    for (int64_t i = 0; i < block.count; ++i)
      RC_ASSERT(filed_of.emplace(block.parameter_begin + i, block.file_begin + i).second);
  RC_ASSERT(filed_of.size() == heads.size() * static_cast<size_t>(width));
  for (const auto& [stored, filed] : filed_of)
    RC_ASSERT(filed == execution[static_cast<size_t>(stored / width)] * width + stored % width);
}

TEST(MixedHeads, ParametersAreFiledInListedOrder) {
  const graph::Graph graph = build_encoder(one_layer(kMixed), {}, kMadeUp).value();
  const graph::FileTensor& value = parameter(graph, "layers.0.value.weight").file_tensors[0];
  EXPECT_EQ(value.name, "layers.0.value.weight");
  EXPECT_EQ(value.shape, (std::vector<int64_t>{21, 6}));
  EXPECT_EQ(value.axis, 0);
  const Blocks all = plain(listed_blocks({2, 5, 1, 4, 3, 0, 6}, 3));
  EXPECT_EQ(plain(value.blocks), all);
  EXPECT_EQ(plain(parameter(graph, "layers.0.value.bias").file_tensors[0].blocks), all);
  const graph::FileTensor& output = parameter(graph, "layers.0.output.weight").file_tensors[0];
  EXPECT_EQ(output.axis, 1);
  EXPECT_EQ(output.shape, (std::vector<int64_t>{6, 21}));
  EXPECT_EQ(plain(output.blocks), all);
  EXPECT_EQ(plain(parameter(graph, "layers.0.output.bias").file_tensors[0].blocks),
            (Blocks{{0, 0, 6}}));
  for (const char* name : {"layers.0.query.weight", "layers.0.key.bias"}) {
    const graph::FileTensor& query = parameter(graph, name).file_tensors[0];
    EXPECT_EQ(query.shape.front(), 12) << name;
    EXPECT_EQ(plain(query.blocks), plain(listed_blocks({2, 5, 1, 4}, 3))) << name;
  }
}

TEST(MixedHeads, AHeadsOwnParametersAreStackedAndFiledByListedPlace) {
  const graph::Graph graph = build_encoder(one_layer(kMixed), {}, kMadeUp).value();
  const graph::Parameter& mixing = parameter(graph, "layers.0.q_mixing.mixing");
  EXPECT_EQ(graph.dimensions(mixing), (std::vector<int64_t>{2, 3, 3}));
  ASSERT_EQ(mixing.file_tensors.size(), 2U);
  EXPECT_EQ(mixing.file_tensors[0].name, "layers.0.heads.1.mixing");
  EXPECT_EQ(mixing.file_tensors[1].name, "layers.0.heads.4.mixing");
  EXPECT_EQ(mixing.file_tensors[1].shape, (std::vector<int64_t>{3, 3}));
  EXPECT_TRUE(mixing.file_tensors[1].drops_axis);
  EXPECT_EQ(plain(mixing.file_tensors[1].blocks), (Blocks{{0, 1, 1}}));
}

TEST(MixedHeads, ValueOnlyLayersHaveNoQueriesKeysOrRelativeTable) {
  space::ModelSpec spec = one_layer({"v_last", "v_first"});
  spec.position = space::PositionKind::kRelativeKey;
  const graph::Graph graph = build_encoder(spec, {}, kMadeUp).value();
  EXPECT_EQ(graph.find_parameter("layers.0.query.weight"), graph::kNone);
  EXPECT_EQ(graph.find_parameter("layers.0.key.bias"), graph::kNone);
  EXPECT_EQ(graph.find_parameter("layers.0.relative.weight"), graph::kNone);
  EXPECT_NE(graph.find_parameter("layers.0.value.weight"), graph::kNone);
}

TEST(MixedHeads, OnlyTypesThatReadRelativePositionsGetTheTable) {
  space::ModelSpec spec = one_layer({"q_mixing", "q_plain"});
  spec.position = space::PositionKind::kRelativeKey;
  const graph::Graph graph = build_encoder(spec, {}, kMadeUp).value();
  std::vector<bool> relative;
  for (const graph::Node& node : graph.nodes())
    if (node.op == graph::Op::kAttention) relative.push_back(node.attributes.has_relative);
  EXPECT_EQ(relative, (std::vector<bool>{true, false}));  // q_plain, then q_mixing
  EXPECT_NE(graph.find_parameter("layers.0.relative.weight"), graph::kNone);
  spec.layers[0].heads = {"q_mixing"};
  EXPECT_EQ(build_encoder(spec, {}, kMadeUp)->find_parameter("layers.0.relative.weight"),
            graph::kNone);
}

TEST(MixedHeads, QueryAndValueFeaturesShareTheAxesOfTheHeads) {
  const graph::Graph graph = build_encoder(one_layer(kMixed), {}, kMadeUp).value();
  const auto parts = [&](const char* name) {
    return graph.axis(parameter(graph, name).shape[0]).parts;
  };
  const auto query = parts("layers.0.query.weight");
  const auto value = parts("layers.0.value.weight");
  ASSERT_EQ(query.size(), 2U);
  ASSERT_EQ(value.size(), 4U);
  for (size_t i = 0; i < query.size(); ++i) {
    EXPECT_EQ(query[i].blocks, value[i].blocks);
    EXPECT_EQ(query[i].width, value[i].width);
  }
  EXPECT_EQ(graph.axis(value[3].blocks).name, "layers.0.heads.v_last");
  EXPECT_EQ(graph.axis(value[3].blocks).size, 2);
}

RC_GTEST_PROP(MixedHeads, AnySpecFilesEachParameterOnce, ()) {
  const testing::SpecChoices choices{.heads = {"v_first", "q_plain", "q_mixing", "v_last"}};
  const graph::Graph graph = build_encoder(*testing::arbitrary_spec(choices), {}, kMadeUp).value();
  std::set<std::string> names;
  for (const graph::Parameter& stored : graph.parameters()) {
    RC_ASSERT(graph::file_tensors_problem(graph.dimensions(stored), stored.file_tensors).empty());
    for (const graph::FileTensor& tensor : stored.file_tensors)
      RC_ASSERT(names.insert(tensor.name).second);
  }
}

}  // namespace
}  // namespace edgetran::encoder
