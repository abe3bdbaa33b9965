#include "device/model_formats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edgetran::device {
namespace {

using base::ErrorCategory;
using base::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Json kCapabilities = {
    {"runtimes",
     {{{"name", "openvino"}, {"available", true}, {"formats", {"onnx"}}},
      {{"name", "libtorch"}, {"available", true}, {"formats", {"edgetran", "onnx"}}},
      {{"name", "old"}, {"available", true}},
      {{"name", "broken"}, {"available", false}, {"reason", "it fell"}}}}};

TEST(ModelFormats, AreTheRuntimesInItsOrder) {
  EXPECT_THAT(formats_of(kCapabilities, "openvino").value(), ElementsAre("onnx"));
  EXPECT_THAT(formats_of(kCapabilities, "libtorch").value(), ElementsAre("edgetran", "onnx"));
}

TEST(ModelFormats, AnAgentThatNamesNoneTakesOnnx) {
  EXPECT_THAT(formats_of(kCapabilities, "old").value(), ElementsAre("onnx"));
}

TEST(ModelFormats, ARuntimeThatIsNotThereIsADeviceErrorThatNamesWhatIs) {
  const auto absent = formats_of(kCapabilities, "tflite");
  EXPECT_EQ(absent.error().category, ErrorCategory::kDevice);
  EXPECT_THAT(absent.error().message, HasSubstr("openvino, libtorch, old, broken"));
  const auto broken = formats_of(kCapabilities, "broken");
  EXPECT_EQ(broken.error().category, ErrorCategory::kDevice);
  EXPECT_THAT(broken.error().message, HasSubstr("it fell"));
}

TEST(ModelFormats, AnswersOfAnyShapeAreRead) {
  EXPECT_FALSE(formats_of(Json::object(), "openvino"));
  EXPECT_FALSE(formats_of({{"runtimes", {1, "two", nullptr, {{"name", 3}}}}}, "openvino"));
  EXPECT_THAT(formats_of({{"runtimes", {{{"name", "a"}, {"formats", {1}}}}}}, "a").value(),
              ElementsAre("onnx"));
}

}  // namespace
}  // namespace edgetran::device
