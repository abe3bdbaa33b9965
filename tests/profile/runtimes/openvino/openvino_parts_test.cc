// What does not need a device: the choice among devices, settings, words of errors, sizes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <new>
#include <openvino/op/broadcast.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/power.hpp>
#include <stdexcept>

#include "profile/runtimes/openvino/openvino_devices.h"
#include "profile/runtimes/openvino/openvino_errors.h"
#include "profile/runtimes/openvino/tensor_sizes.h"

namespace edgetran::profile::openvino {
namespace {

using base::ErrorCategory;
using base::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<std::string> kHints = {"NUM_STREAMS", "PERFORMANCE_HINT"};
const std::vector<Device> kDevices = {{"CPU", "A processor", {"fp32", "bf16"}, kHints},
                                      {"GPU.0", "Graphics", {"fp32", "fp16"}, kHints},
                                      {"GPU.1", "More graphics", {"fp32", "fp16"}, kHints},
                                      {"NPU", "Neurons", {"fp16"}, {"PERFORMANCE_HINT"}}};

TEST(Devices, PrecisionsFollowTheCapabilities) {
  EXPECT_THAT(precisions_of("CPU", {"WINOGRAD", "INT8", "BF16", "FP32"}),
              ElementsAre("fp32", "bf16"));
  EXPECT_THAT(precisions_of("CPU", {}), ElementsAre("fp32"));
  EXPECT_THAT(precisions_of("GPU.0", {"FP32", "BIN", "FP16", "INT8"}), ElementsAre("fp32", "fp16"));
  EXPECT_THAT(precisions_of("NPU", {"FP16", "INT8"}), ElementsAre("fp16"));
}

TEST(Devices, AreChosenByNameOrByKind) {
  EXPECT_EQ(choose_device(kDevices, "CPU", "bf16")->name, "CPU");
  EXPECT_EQ(choose_device(kDevices, "GPU", "fp16")->name, "GPU.0");
  EXPECT_EQ(choose_device(kDevices, "GPU.1", "fp32")->name, "GPU.1");
  EXPECT_EQ(choose_device(kDevices, "NPU", "fp16")->name, "NPU");
}

TEST(Devices, RefusalsNameWhatIsThere) {
  const auto absent = choose_device(kDevices, "GPU.2", "fp32");
  EXPECT_EQ(absent.error().category, ErrorCategory::kDevice);
  EXPECT_THAT(absent.error().message, HasSubstr("GPU.1 (More graphics), NPU (Neurons)"));
  const auto coarse = choose_device(kDevices, "NPU", "fp32");
  EXPECT_EQ(coarse.error().category, ErrorCategory::kDevice);
  EXPECT_THAT(coarse.error().message, HasSubstr("NPU (Neurons) does not compute in fp32; it offers "
                                                "fp16"));
  EXPECT_FALSE(choose_device({}, "CPU", "fp32"));
}

TEST(Devices, EveryPropertyThatMattersIsSaid) {
  RunSettings settings;
  settings.precision = "bf16";
  settings.threads = 3;
  auto properties = compile_properties(kDevices[0], settings);
  EXPECT_EQ(properties.at("INFERENCE_PRECISION_HINT").as<ov::element::Type>(), ov::element::bf16);
  EXPECT_EQ(properties.at("INFERENCE_NUM_THREADS").as<int32_t>(), 3);
  EXPECT_EQ(properties.at("NUM_STREAMS").as<std::string>(), "1");
  EXPECT_EQ(properties.at("PERFORMANCE_HINT").as<std::string>(), "LATENCY");
  settings.precision = "fp16";
  properties = compile_properties(kDevices[3], settings);
  EXPECT_EQ(properties.at("INFERENCE_PRECISION_HINT").as<ov::element::Type>(), ov::element::f16);
  EXPECT_FALSE(properties.contains("INFERENCE_NUM_THREADS"));  // means nothing on an accelerator
  EXPECT_FALSE(properties.contains("NUM_STREAMS"));            // this one does not let it be set
  EXPECT_TRUE(compile_properties(kDevices[1], settings).contains("NUM_STREAMS"));
}

TEST(Devices, SettingsThatAreNotKeptAreNamed) {
  RunSettings settings;
  settings.precision = "bf16";
  settings.threads = 2;
  Json kept = {{"inference_precision", "bf16"}, {"threads", 2}, {"streams", 1}};
  EXPECT_TRUE(check_settings(kept, kDevices[0], settings));
  kept["inference_precision"] = "f32";
  const auto silent = check_settings(kept, kDevices[0], settings);
  EXPECT_EQ(silent.error().category, ErrorCategory::kDevice);
  EXPECT_THAT(silent.error().message, HasSubstr("inference_precision is \"f32\" and not \"bf16\""));
  kept["inference_precision"] = "bf16";
  kept["streams"] = 4;
  EXPECT_FALSE(check_settings(kept, kDevices[0], settings));
  kept["streams"] = 1;
  kept["threads"] = 1;
  EXPECT_FALSE(check_settings(kept, kDevices[0], settings));
  EXPECT_TRUE(check_settings(kept, kDevices[1], settings));  // threads are the CPU's
}

TEST(Errors, PlacesInTheSourcesAndAdviceAreLeftOut) {
  const std::runtime_error error(
      "Exception from src/inference/src/cpp/core.cpp:117:\n"
      "Exception from src/inference/src/dev/plugin.cpp:54:\n"
      "Check 'a > b' failed at src/plugins/intel_cpu/src/node.cpp:257:\n"
      "The reason is this\n\n");
  EXPECT_EQ(words_of(error), "The reason is this");
  EXPECT_EQ(words_of(std::runtime_error("Check 'x' failed at src/a.cpp:1: short")), "short");
  EXPECT_EQ(words_of(std::runtime_error("Exception from src/a.cpp:1:\n")), "it does not say why");
}

TEST(Errors, LongWordsAreCutAtACharacter) {
  std::string text(398, 'x');
  for (int i = 0; i < 100; ++i) text += "é";
  const std::string words = words_of(std::runtime_error(text));
  EXPECT_EQ(words, std::string(398, 'x') + "é…");
}

TEST(Errors, WantOfMemoryIsAResource) {
  EXPECT_TRUE(is_exhaustion(std::bad_alloc()));
  EXPECT_TRUE(is_exhaustion(std::length_error("vector::_M_default_append")));
  EXPECT_TRUE(is_exhaustion(std::runtime_error("Exception from x:\nstd::bad_alloc\n")));
  EXPECT_TRUE(is_exhaustion(
      std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again))));
  EXPECT_FALSE(is_exhaustion(std::runtime_error("a wrong shape")));
  const auto error = error_from_openvino(std::bad_alloc(), "run", {}, ErrorCategory::kFailed);
  EXPECT_EQ(error.category, ErrorCategory::kResource);
}

TEST(Errors, ManyNodesOfAnOperatorAreCounted) {
  std::vector<OnnxNode> nodes;
  for (const char* name : {"a", "b", "c", "d", "e"}) nodes.push_back({name, "Det", "", "out"});
  nodes.push_back({"", "Warp", "my", "y"});
  const auto error = error_from_openvino(
      std::runtime_error("-- No conversion rule found for operations: Det-17, my.Warp, Odd-1\n"),
      "read", nodes, ErrorCategory::kCorrupt);
  EXPECT_EQ(error.category, ErrorCategory::kFailed);
  EXPECT_EQ(error.message,
            "OpenVINO has no implementation of the operator Det (node \"a\", \"b\", \"c\" and 2 "
            "more), my.Warp (node output \"y\") and Odd");
}

/// Two inputs' worth: x [rows] float32 to a power, and a constant to a power.
std::shared_ptr<ov::Model> powers(size_t rows, size_t constant_rows) {
  const auto x = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::Shape{rows});
  const auto two = ov::op::v0::Constant::create(ov::element::f32, {}, {2.0F});
  const auto wide = std::make_shared<ov::op::v3::Broadcast>(
      two, ov::op::v0::Constant::create(ov::element::i64, {1}, {constant_rows}));
  return std::make_shared<ov::Model>(
      ov::OutputVector{std::make_shared<ov::op::v1::Power>(x, two),
                       std::make_shared<ov::op::v1::Power>(wide, two)},
      ov::ParameterVector{x});
}

TEST(TensorSizes, OneTensorMayHaveTheLimit) {
  EXPECT_TRUE(check_tensor_sizes(*powers(250, 1), 1000));
  const auto refused = check_tensor_sizes(*powers(251, 1), 1000);
  EXPECT_EQ(refused.error().category, ErrorCategory::kResource);
  EXPECT_THAT(refused.error().message, HasSubstr("1004 B"));
}

TEST(TensorSizes, WhatIsComputedWhileCompilingCountsTogether) {
  EXPECT_TRUE(check_tensor_sizes(*powers(1, 125), 1000));  // 2 x 500 bytes
  EXPECT_FALSE(check_tensor_sizes(*powers(1, 126), 1000));
}

TEST(TensorSizes, SizesBeyondCountingAreOverTheLimit) {
  const size_t huge = size_t{1} << 62;
  EXPECT_FALSE(check_tensor_sizes(*powers(1, huge), std::numeric_limits<uint64_t>::max() - 1));
}

}  // namespace
}  // namespace edgetran::profile::openvino
