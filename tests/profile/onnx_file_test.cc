#include "profile/onnx_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "places.h"
#include "profile/protobuf_bytes.h"

namespace edgetran::profile {
namespace {

using base::ErrorCategory;
using protobuf::bytes, protobuf::number, protobuf::varint;
using ::testing::HasSubstr;

std::string fixture(const std::string& name) {
  return *base::read_file(places::source().string() + "/tests/profile/runtimes/openvino/fixtures/" +
                          name + ".onnx");
}

const std::string kExternal = number(14, 1);                  // TensorProto.data_location
const std::string kPlaces = bytes(13, bytes(1, "location"));  // TensorProto.external_data

TEST(OnnxFile, NamesTheNodesOfTheGraph) {
  const auto nodes = read_onnx_nodes(fixture("custom_operator"));
  ASSERT_TRUE(nodes) << nodes.error().message;
  ASSERT_EQ(nodes->size(), 2U);
  EXPECT_EQ((*nodes)[0].type, "Cast");
  EXPECT_EQ((*nodes)[0].domain, "");
  EXPECT_EQ((*nodes)[1].type, "Warp");
  EXPECT_EQ((*nodes)[1].domain, "my.ops");
  EXPECT_EQ((*nodes)[1].name, "layers.0/warp");
  EXPECT_EQ((*nodes)[1].output, "logits");
}

TEST(OnnxFile, NamesTheNodesOfSubGraphs) {
  const auto nodes = read_onnx_nodes(fixture("missing_operator"));
  ASSERT_TRUE(nodes) << nodes.error().message;
  std::vector<std::string> names;
  for (const OnnxNode& node : *nodes) names.push_back(node.name);
  EXPECT_THAT(names, ::testing::ElementsAre("to_float", "choose", "inner/det", "inner/det"));
}

TEST(OnnxFile, WhatIsNoneIsCorrupt) {
  for (const std::string& model :
       {std::string("no model"), std::string(), std::string("<?xml version=\"1.0\"?><net/>"),
        bytes(1, "a paddle program"), fixture("mean_of_ids").substr(0, 200)}) {
    EXPECT_EQ(read_onnx_nodes(model).error().category, ErrorCategory::kCorrupt) << model;
  }
}

TEST(OnnxFile, TensorsInOtherFilesAreRefused) {
  const auto refused = read_onnx_nodes(fixture("other_file"));
  EXPECT_EQ(refused.error().category, ErrorCategory::kUsage);
  EXPECT_THAT(refused.error().message, HasSubstr("files beside it"));
}

TEST(OnnxFile, TensorsInOtherFilesAreRefusedWhereverTheyStand) {
  for (const std::string& tensor : {kExternal, kPlaces}) {
    const std::string attribute = bytes(5, bytes(5, tensor));  // Constant's value
    const std::string sparse = bytes(5, bytes(22, bytes(1, tensor)));
    const std::string inner = bytes(5, bytes(6, bytes(5, tensor)));  // a sub-graph's initializer
    for (const std::string& model :
         {bytes(7, bytes(5, tensor)), bytes(7, bytes(15, bytes(2, tensor))),
          bytes(7, bytes(1, attribute)), bytes(7, bytes(1, sparse)), bytes(7, bytes(1, inner)),
          bytes(7, "") + bytes(25, bytes(7, attribute)),
          bytes(7, "") + bytes(20, bytes(1, bytes(5, tensor))),
          bytes(7, "") + bytes(7, bytes(5, tensor))}) {
      EXPECT_EQ(read_onnx_nodes(model).error().category, ErrorCategory::kUsage);
    }
  }
}

// What another reader would skip or read differently may not hide a tensor from this one.
TEST(OnnxFile, TrickeryIsCorrupt) {
  const std::string hidden = bytes(7, bytes(5, kExternal));
  const std::string group = varint(9 << 3 | 3) + varint(9 << 3 | 4);
  EXPECT_EQ(read_onnx_nodes(bytes(7, "") + group + hidden).error().category,
            ErrorCategory::kCorrupt);
  // Field 7 to a reader that keeps 32 bits of the tag.
  const std::string wide = varint((uint64_t{1} << 32) | (7 << 3 | 2));
  EXPECT_EQ(read_onnx_nodes(bytes(7, "") + wide + varint(2) + bytes(5, "")).error().category,
            ErrorCategory::kCorrupt);
}

TEST(OnnxFile, TrickeryInsideATensorIsRefused) {
  const std::string wide = varint((uint64_t{1} << 32) | (13 << 3 | 2)) + varint(0);
  const std::string group = varint(9 << 3 | 3) + varint(9 << 3 | 4);
  const std::string cut = varint(9 << 3 | 2) + varint(100);
  for (const std::string& tensor : {wide, group, cut}) {
    for (const std::string& model :
         {bytes(7, bytes(5, tensor)), bytes(7, bytes(15, bytes(2, tensor))),
          bytes(7, bytes(1, bytes(5, bytes(5, tensor)))),
          bytes(7, bytes(1, bytes(5, bytes(22, bytes(1, tensor)))))}) {
      // To a reader of 32 bits the wide tag names a file.
      EXPECT_EQ(read_onnx_nodes(model).error().category,
                tensor == wide ? ErrorCategory::kUsage : ErrorCategory::kCorrupt);
    }
  }
}

TEST(OnnxFile, DeepNestingIsCorrupt) {
  std::string graph;
  for (int depth = 0; depth < 1000; ++depth) graph = bytes(1, bytes(5, bytes(6, graph)));
  EXPECT_EQ(read_onnx_nodes(bytes(7, graph)).error().category, ErrorCategory::kCorrupt);
}

}  // namespace
}  // namespace edgetran::profile
