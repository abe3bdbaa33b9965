#include "profile/model_files.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "profile/protobuf_bytes.h"

namespace edgetran::profile {
namespace {

using protobuf::bytes, protobuf::number, protobuf::varint;

/// `value` in the fields of nested messages, outermost first.
std::string nested(std::initializer_list<uint64_t> path, std::string value) {
  for (auto at = std::rbegin(path); at != std::rend(path); ++at) value = bytes(*at, value);
  return value;
}

const std::string kInside = bytes(8, "w") + bytes(9, "raw data") + number(14, 0);
const std::string kOutside = bytes(8, "w") + number(14, 1);
const std::string kEntry =
    bytes(8, "w") + bytes(13, bytes(1, "location") + bytes(2, "/etc/passwd"));

void expect_refused(const std::string& model) {
  const auto status = check_self_contained(model);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().category, base::ErrorCategory::kUsage);
}

TEST(ModelFiles, TensorsInTheModelPass) {
  EXPECT_TRUE(check_self_contained(number(1, 8) + nested({7, 5}, kInside)));
}

TEST(ModelFiles, EveryPlaceOfATensorIsLookedAt) {
  const std::initializer_list<std::initializer_list<uint64_t>> places = {
      {7, 5},            // an initializer
      {7, 15, 1},        // sparse: values
      {7, 15, 2},        // sparse: indices
      {7, 1, 5, 5},      // a node's attribute
      {7, 1, 5, 10},     // one of a list
      {7, 1, 5, 22, 1},  // sparse
      {7, 1, 5, 23, 2},  // one of a list
      {7, 1, 5, 6, 5},   // in the branch of an If
      {7, 1, 5, 11, 1, 5, 5},
      {20, 1, 5},     // training: initialization
      {20, 2, 5},     // training: algorithm
      {25, 7, 5, 5},  // a node of a function
      {25, 11, 5},    // a default of its attributes
  };
  for (const auto& place : places) {
    EXPECT_TRUE(check_self_contained(nested(place, kInside)));
    expect_refused(nested(place, kOutside));
    expect_refused(nested(place, kEntry));
    // After others, and with a name in front.
    expect_refused(nested({7, 5}, kInside) + bytes(2, "producer") + nested(place, kOutside));
  }
}

TEST(ModelFiles, FieldsThatReadersSkipHideNothing) {
  const std::string model = nested({7, 5}, kOutside);
  expect_refused(varint(100 << 3 | 3U) + varint(100 << 3 | 4U) + model);  // an unknown group
  expect_refused(varint(100 << 3 | 1U) + "12345678" + model);
  expect_refused(varint(100 << 3 | 5U) + "1234" + model);
  expect_refused(bytes(100, "unknown") + model);
  expect_refused(model + "\xFF");  // cut afterwards: what an engine makes of it is not known
}

TEST(ModelFiles, TagsAreReadAsReadersOf32BitsReadThem) {
  constexpr uint64_t kBeyond = uint64_t{1} << 32;
  expect_refused(nested({7, 5}, varint(kBeyond | (14 << 3)) + varint(1)));
  expect_refused(nested({7, 5}, varint(kBeyond | (13 << 3 | 2U)) + varint(0)));
  const std::string graph = bytes(5, kOutside);
  expect_refused(varint(kBeyond | (7 << 3 | 2U)) + varint(graph.size()) + graph);
}

TEST(ModelFiles, TheSameBytesElsewhereAreNoTensor) {
  EXPECT_TRUE(check_self_contained(nested({7, 10}, kOutside)));    // a doc string
  EXPECT_TRUE(check_self_contained(nested({7, 5, 9}, kOutside)));  // raw data
}

TEST(ModelFiles, WhatIsNoModelIsLeftToTheRuntime) {
  EXPECT_TRUE(check_self_contained(""));
  EXPECT_TRUE(check_self_contained("model"));
  EXPECT_TRUE(check_self_contained(std::string(1000, '\xFF')));
  std::string deep = kInside;
  for (int i = 0; i < 2000; ++i) deep = bytes(6, bytes(1, bytes(5, deep)));
  EXPECT_TRUE(check_self_contained(bytes(7, bytes(1, bytes(5, deep)))));
}

}  // namespace
}  // namespace edgetran::profile
