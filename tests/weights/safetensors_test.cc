#include "weights/safetensors.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>

#include "base/files.h"

namespace edgetran::weights {
namespace {

using base::ErrorCategory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A file with this header text and data; `claimed` overrides the header's length.
std::string file_bytes(const std::string& header, const std::string& data,
                       std::optional<uint64_t> claimed = {}) {
  const uint64_t length = claimed.value_or(header.size());
  std::string bytes(sizeof(length), '\0');
  std::memcpy(bytes.data(), &length, sizeof(length));
  return bytes + header + data;
}

template <class T>
std::string raw(std::initializer_list<T> values) {
  return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T)};
}

base::Error error_of(const std::string& bytes) {
  auto file = SafetensorsFile::parse(bytes, "model.safetensors");
  EXPECT_FALSE(file.has_value());
  return file ? base::Error{} : file.error();
}

void expect_corrupt(const std::string& bytes, const std::string& words) {
  const base::Error error = error_of(bytes);
  EXPECT_EQ(error.category, ErrorCategory::kCorrupt);
  EXPECT_THAT(error.message, HasSubstr("model.safetensors"));
  EXPECT_THAT(error.message, HasSubstr(words));
  EXPECT_FALSE(error.hint.empty());
}

constexpr const char* kTwoFloats = R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";

TEST(SafetensorsTest, gives_back_what_was_encoded) {
  const std::vector<float> floats{1.5F, -2, 0, 3e-20F, 5, 6};
  const std::vector<int64_t> integers{-1, int64_t{1} << 40};
  const std::vector<TensorSource> sources{{"b", {2, 3}, std::span(floats)},
                                          {"ids", {2}, std::span(integers)}};
  auto file = SafetensorsFile::parse(encode_safetensors(sources, {{"made_by", "test"}}), "blob");
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->tensors().size(), 2U);
  EXPECT_EQ(file->find("b")->shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(read_floats(*file->find("b")).value(), floats);
  EXPECT_EQ(read_integers(*file->find("ids")).value(), integers);
  EXPECT_EQ(file->find("absent"), nullptr);
  EXPECT_EQ(file->metadata().at("made_by"), "test");
}

TEST(SafetensorsTest, keeps_scalars_and_empty_tensors) {
  const std::vector<float> one{7}, none;
  const std::vector<TensorSource> sources{{"empty", {0, 4}, std::span(none)},
                                          {"scalar", {}, std::span(one)}};
  auto file = SafetensorsFile::parse(encode_safetensors(sources), "blob");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_THAT(read_floats(*file->find("scalar")).value(), ElementsAre(7));
  EXPECT_TRUE(read_floats(*file->find("empty")).value().empty());
}

TEST(SafetensorsTest, begins_its_data_at_a_multiple_of_eight) {
  const std::vector<float> one{7};
  for (const char* name : {"a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg", "abcdefgh"}) {
    const std::vector<TensorSource> sources{{name, {1}, std::span(one)}};
    EXPECT_EQ((encode_safetensors(sources).size() - sizeof(float)) % 8, 0U) << name;
  }
}

TEST(SafetensorsTest, reads_data_that_is_not_aligned) {
  auto file = SafetensorsFile::parse(
      file_bytes(std::string(kTwoFloats) + " ", raw<float>({1.25F, -4})), "odd");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_THAT(read_floats(file->tensors()[0]).value(), ElementsAre(1.25F, -4));
}

TEST(SafetensorsTest, stays_valid_when_moved) {
  auto file = SafetensorsFile::parse(file_bytes(kTwoFloats, raw<float>({1, 2})), "blob");
  ASSERT_TRUE(file);
  const SafetensorsFile moved = std::move(*file);
  EXPECT_THAT(read_floats(*moved.find("w")).value(), ElementsAre(1, 2));
}

TEST(SafetensorsTest, widens_half_and_bfloat16_exactly) {
  const std::string header = R"({"h":{"dtype":"F16","shape":[6],"data_offsets":[0,12]},)"
                             R"("b":{"dtype":"BF16","shape":[2],"data_offsets":[12,16]}})";
  // 1, -2, largest, smallest normal, smallest subnormal, minus zero; then 1 and -3.140625.
  const std::string data = raw<uint16_t>({0x3C00, 0xC000, 0x7BFF, 0x0400, 0x0001, 0x8000}) +
                           raw<uint16_t>({0x3F80, 0xC049});
  auto file = SafetensorsFile::parse(file_bytes(header, data), "half");
  ASSERT_TRUE(file) << file.error().message;
  const auto halves = read_floats(*file->find("h")).value();
  EXPECT_THAT(halves, ElementsAre(1, -2, 65504, 0x1p-14F, 0x1p-24F, 0));
  EXPECT_TRUE(std::signbit(halves[5]));
  EXPECT_THAT(read_floats(*file->find("b")).value(), ElementsAre(1, -3.140625F));
}

TEST(SafetensorsTest, refuses_a_header_that_claims_a_terabyte) {
  const std::string bytes = file_bytes(kTwoFloats, raw<float>({1, 2}), uint64_t{1} << 40);
  expect_corrupt(bytes, "claims 1099511627776 bytes");
  expect_corrupt(bytes, std::to_string(bytes.size() - 8));
}

TEST(SafetensorsTest, refuses_a_tensor_that_claims_a_terabyte) {
  expect_corrupt(
      file_bytes(R"({"w":{"dtype":"F32","shape":[274877906944],"data_offsets":[0,1099511627776]}})",
                 raw<float>({1, 2})),
      "[274877906944]");
}

TEST(SafetensorsTest, refuses_sizes_whose_product_overflows) {
  expect_corrupt(
      file_bytes(R"({"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})",
                 ""),
      "claims the shape");
}

TEST(SafetensorsTest, refuses_a_file_cut_off_in_its_length) { expect_corrupt("abc", "3 bytes"); }

TEST(SafetensorsTest, refuses_a_file_cut_off_in_its_data) {
  expect_corrupt(file_bytes(kTwoFloats, raw<float>({1})), "'w'");
}

TEST(SafetensorsTest, refuses_bytes_after_the_last_tensor) {
  expect_corrupt(file_bytes(kTwoFloats, raw<float>({1, 2, 3})), "belong to no tensor");
}

TEST(SafetensorsTest, refuses_overlapping_tensors) {
  expect_corrupt(file_bytes(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                            R"("b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
                            raw<float>({1, 2, 3})),
                 "'b' begins at byte 4 of the data, 8 was expected");
}

TEST(SafetensorsTest, refuses_a_hole_between_tensors) {
  expect_corrupt(file_bytes(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                            R"("b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})",
                            raw<float>({1, 2, 3})),
                 "'b'");
}

TEST(SafetensorsTest, refuses_offsets_that_run_backwards) {
  expect_corrupt(
      file_bytes(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}})", raw<float>({1, 2})),
      "bytes 8 to 4");
}

TEST(SafetensorsTest, refuses_a_shape_that_its_bytes_do_not_fill) {
  expect_corrupt(
      file_bytes(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})", raw<float>({1, 2})),
      "needs 4 bytes, its data has 8");
}

TEST(SafetensorsTest, refuses_two_tensors_of_one_name) {
  expect_corrupt(file_bytes(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                            R"("a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                            raw<float>({1, 2})),
                 "a");
}

TEST(SafetensorsTest, refuses_headers_that_are_not_a_map_of_tensors) {
  expect_corrupt(file_bytes("[1]", ""), "not a JSON object");
  expect_corrupt(file_bytes("{\"w\":", ""), "header");
  expect_corrupt(file_bytes(R"({"w":{"dtype":"F32","shape":[1]}})", ""), "'w'");
  expect_corrupt(
      file_bytes(R"({"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", raw<float>({1})),
      "size -1");
  expect_corrupt(
      file_bytes(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", raw<float>({1})),
      "offsets");
  expect_corrupt(file_bytes(R"({"__metadata__":{"a":1}})", ""), "__metadata__");
}

TEST(SafetensorsTest, names_an_element_type_that_is_not_read) {
  const base::Error error = error_of(
      file_bytes(R"({"w":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}})", raw<double>({1})));
  EXPECT_EQ(error.category, ErrorCategory::kUsage);
  EXPECT_THAT(error.message, HasSubstr("F64"));
  EXPECT_THAT(error.message, HasSubstr("F32"));
}

TEST(SafetensorsTest, names_the_place_of_a_value_that_is_not_finite) {
  const std::string header = R"({"w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}})";
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    auto file = SafetensorsFile::parse(file_bytes(header, raw<float>({1, 2, bad, 4})), "blob");
    ASSERT_TRUE(file);
    auto values = read_floats(file->tensors()[0]);
    ASSERT_FALSE(values);
    EXPECT_EQ(values.error().category, ErrorCategory::kCorrupt);
    EXPECT_THAT(values.error().message, HasSubstr("'w'"));
    EXPECT_THAT(values.error().message, HasSubstr("[1, 0]"));
  }
}

TEST(SafetensorsTest, does_not_mix_up_floats_and_integers) {
  const std::vector<float> floats{1};
  const std::vector<int64_t> integers{1};
  const std::vector<TensorSource> sources{{"f", {1}, std::span(floats)},
                                          {"i", {1}, std::span(integers)}};
  auto file = SafetensorsFile::parse(encode_safetensors(sources), "blob");
  ASSERT_TRUE(file);
  EXPECT_EQ(read_floats(*file->find("i")).error().category, ErrorCategory::kUsage);
  EXPECT_EQ(read_integers(*file->find("f")).error().category, ErrorCategory::kUsage);
}

TEST(SafetensorsTest, writes_the_encoded_bytes_to_a_file) {
  auto folder = base::TemporaryFolder::create("safetensors");
  ASSERT_TRUE(folder);
  const std::vector<float> floats{1, 2, 3};
  const std::vector<TensorSource> sources{{"w", {3}, std::span(floats)}};
  const auto path = folder->path() / "w.safetensors";
  ASSERT_TRUE(write_safetensors(path, sources));
  EXPECT_EQ(base::read_file(path).value(), encode_safetensors(sources));
  auto file = SafetensorsFile::open(path);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(read_floats(*file->find("w")).value(), floats);
}

TEST(SafetensorsTest, names_the_path_of_a_missing_or_empty_file) {
  auto folder = base::TemporaryFolder::create("safetensors");
  ASSERT_TRUE(folder);
  const auto missing = SafetensorsFile::open(folder->path() / "none.safetensors");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().category, ErrorCategory::kNotFound);
  const auto path = folder->path() / "empty.safetensors";
  std::ofstream(path).flush();
  const auto empty = SafetensorsFile::open(path);
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().category, ErrorCategory::kCorrupt);
  EXPECT_THAT(empty.error().message, HasSubstr("empty.safetensors"));
}

}  // namespace
}  // namespace edgetran::weights
