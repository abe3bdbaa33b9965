#include "graph/file_tensor.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>

namespace edgetran::graph {
namespace {

FileTensor view(std::vector<int64_t> shape, int axis, std::vector<FileTensor::Block> blocks) {
  return {.name = "t",
          .shape = std::move(shape),
          .axis = axis,
          .drops_axis = false,
          .blocks = std::move(blocks)};
}

FileTensor slice(std::vector<int64_t> shape, int64_t place) {
  return {.name = "s",
          .shape = std::move(shape),
          .axis = 0,
          .drops_axis = true,
          .blocks = {{0, place, 1}}};
}

TEST(FileTensor, AWholeTensorCoversItsParameter) {
  EXPECT_EQ(file_tensors_problem({6, 4}, {whole_tensor("t", {6, 4})}), "");
}

TEST(FileTensor, BlocksMayRunAlongAnyAxisInAnyOrder) {
  EXPECT_EQ(file_tensors_problem({4, 6}, {view({4, 6}, 1, {{4, 0, 2}, {0, 2, 4}})}), "");
}

TEST(FileTensor, SlicesStackAlongTheAxisThatTheyLack) {
  EXPECT_EQ(file_tensors_problem({2, 5, 3}, {slice({5, 3}, 1), slice({5, 3}, 0)}), "");
  EXPECT_EQ(file_tensors_problem({2, 5, 3}, {slice({5, 3}, 1), slice({5, 3}, 1)}),
            "blocks do not cover the parameter once");
}

TEST(FileTensor, SeveralTensorsMayShareAParameter) {
  const std::vector<FileTensor> parts{view({2, 3}, 0, {{0, 0, 2}}), view({4, 3}, 0, {{0, 2, 4}})};
  EXPECT_EQ(file_tensors_problem({6, 3}, parts), "");
}

TEST(FileTensor, GapsOverlapsAndForeignShapesAreProblems) {
  EXPECT_NE(file_tensors_problem({6}, {}), "");
  EXPECT_NE(file_tensors_problem({6}, {view({6}, 0, {{0, 0, 5}})}), "");
  EXPECT_NE(file_tensors_problem({6}, {view({6}, 0, {{0, 0, 4}, {4, 2, 2}})}), "");
  EXPECT_NE(file_tensors_problem({6}, {view({6}, 0, {{0, 0, 4}, {2, 4, 2}})}), "");
  EXPECT_NE(file_tensors_problem({6}, {view({6}, 0, {{0, 0, 7}})}), "");
  EXPECT_NE(file_tensors_problem({6, 2}, {view({6, 3}, 0, {{0, 0, 6}})}), "");
  EXPECT_NE(file_tensors_problem({6, 2}, {view({6}, 0, {{0, 0, 6}})}), "");
  EXPECT_NE(file_tensors_problem({6}, {view({6}, 1, {{0, 0, 6}})}), "");
  EXPECT_NE(
      file_tensors_problem({2, 2}, {view({2, 2}, 0, {{0, 0, 2}}), view({2, 2}, 1, {{0, 0, 2}})}),
      "");
}

RC_GTEST_PROP(FileTensor, AnyPermutationOfBlocksCoversOnceAndAnyShiftDoesNot, ()) {
  const auto widths =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(1, 6)));
  const auto keys = *rc::gen::container<std::vector<int>>(widths.size(), rc::gen::inRange(0, 1000));
  std::vector<size_t> order(widths.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return keys[a] < keys[b]; });
  std::vector<int64_t> filed(widths.size());
  std::exclusive_scan(widths.begin(), widths.end(), filed.begin(), int64_t{0});
  std::vector<FileTensor::Block> blocks;
  int64_t next = 0;
  for (const size_t i : order) {
    blocks.push_back({filed[i], next, widths[i]});
    next += widths[i];
  }
  RC_ASSERT(file_tensors_problem({next, 3}, {view({next, 3}, 0, blocks)}).empty());
  blocks[*rc::gen::inRange<size_t>(0, blocks.size())].parameter_begin +=
      *rc::gen::element<int64_t>(-1, 1);
  RC_ASSERT(!file_tensors_problem({next, 3}, {view({next, 3}, 0, blocks)}).empty());
}

}  // namespace
}  // namespace edgetran::graph
