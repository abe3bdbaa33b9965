#include "profile/onnx_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"

namespace edgetran::profile {
namespace {

using base::ErrorCategory;
using ::testing::HasSubstr;

std::string fixture(const std::string& name) {
  return *base::read_file(std::string(EDGETRAN_SOURCE_DIR) +
                          "/tests/profile/runtimes/openvino/fixtures/" + name + ".onnx");
}

// Protobuf by hand: fields of bytes and of numbers.
std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
  return bytes + static_cast<char>(value);
}
std::string field(uint64_t number, const std::string& payload) {
  return varint(number << 3 | 2) + varint(payload.size()) + payload;
}
std::string number(uint64_t number, uint64_t value) { return varint(number << 3) + varint(value); }

const std::string kExternal = number(14, 1);                  // TensorProto.data_location
const std::string kPlaces = field(13, field(1, "location"));  // TensorProto.external_data

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
  for (const std::string& bytes :
       {std::string("no model"), std::string(), std::string("<?xml version=\"1.0\"?><net/>"),
        field(1, "a paddle program"), fixture("mean_of_ids").substr(0, 200)}) {
    EXPECT_EQ(read_onnx_nodes(bytes).error().category, ErrorCategory::kCorrupt) << bytes;
  }
}

TEST(OnnxFile, TensorsInOtherFilesAreRefused) {
  const auto refused = read_onnx_nodes(fixture("other_file"));
  EXPECT_EQ(refused.error().category, ErrorCategory::kUsage);
  EXPECT_THAT(refused.error().message, HasSubstr("files beside it"));
}

TEST(OnnxFile, TensorsInOtherFilesAreRefusedWhereverTheyStand) {
  for (const std::string& tensor : {kExternal, kPlaces}) {
    const std::string attribute = field(5, field(5, tensor));  // Constant's value
    const std::string sparse = field(5, field(22, field(1, tensor)));
    const std::string inner = field(5, field(6, field(5, tensor)));  // a sub-graph's initializer
    for (const std::string& model :
         {field(7, field(5, tensor)), field(7, field(15, field(2, tensor))),
          field(7, field(1, attribute)), field(7, field(1, sparse)), field(7, field(1, inner)),
          field(7, "") + field(25, field(7, attribute)),
          field(7, "") + field(20, field(1, field(5, tensor))),
          field(7, "") + field(7, field(5, tensor))}) {
      EXPECT_EQ(read_onnx_nodes(model).error().category, ErrorCategory::kUsage);
    }
  }
}

// What another reader would skip or read differently may not hide a tensor from this one.
TEST(OnnxFile, TrickeryIsCorrupt) {
  const std::string hidden = field(7, field(5, kExternal));
  const std::string group = varint(9 << 3 | 3) + varint(9 << 3 | 4);
  EXPECT_EQ(read_onnx_nodes(field(7, "") + group + hidden).error().category,
            ErrorCategory::kCorrupt);
  // Field 7 to a reader that keeps 32 bits of the tag.
  const std::string wide = varint((uint64_t{1} << 32) | (7 << 3 | 2));
  EXPECT_EQ(read_onnx_nodes(field(7, "") + wide + varint(2) + field(5, "")).error().category,
            ErrorCategory::kCorrupt);
}

TEST(OnnxFile, TrickeryInsideATensorIsRefused) {
  const std::string wide = varint((uint64_t{1} << 32) | (13 << 3 | 2)) + varint(0);
  const std::string group = varint(9 << 3 | 3) + varint(9 << 3 | 4);
  const std::string cut = varint(9 << 3 | 2) + varint(100);
  for (const std::string& tensor : {wide, group, cut}) {
    for (const std::string& model :
         {field(7, field(5, tensor)), field(7, field(15, field(2, tensor))),
          field(7, field(1, field(5, field(5, tensor)))),
          field(7, field(1, field(5, field(22, field(1, tensor)))))}) {
      // To a reader of 32 bits the wide tag names a file.
      EXPECT_EQ(read_onnx_nodes(model).error().category,
                tensor == wide ? ErrorCategory::kUsage : ErrorCategory::kCorrupt);
    }
  }
}

TEST(OnnxFile, DeepNestingIsCorrupt) {
  std::string graph;
  for (int depth = 0; depth < 1000; ++depth) graph = field(1, field(5, field(6, graph)));
  EXPECT_EQ(read_onnx_nodes(field(7, graph)).error().category, ErrorCategory::kCorrupt);
}

}  // namespace
}  // namespace edgetran::profile
