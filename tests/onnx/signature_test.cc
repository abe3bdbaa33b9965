#include "onnx/signature.h"

#include <gtest/gtest.h>

#include "encoder/encoder.h"
#include "encoder/specs.h"
#include "onnx/export.h"

namespace edgetran::onnx {
namespace {

std::string exported(bool dynamic) {
  const auto graph =
      encoder::build_encoder(encoder::testing::mixed(),
                             {.head = encoder::TaskHead::kClassifier, .labels = 3, .mask = true});
  const auto weights = weights::initialize(*graph, {1, "w"}, weights::Initialization::kTraining);
  return export_onnx(*graph, weights, {.dynamic = dynamic, .batch = 2, .length = 7}).value();
}

TEST(Signature, NamesInputsAndOutputsWithTheirSizes) {
  const auto signature = read_signature(exported(false));
  ASSERT_TRUE(signature) << signature.error().message;
  ASSERT_EQ(signature->inputs.size(), 3U);
  EXPECT_EQ(signature->inputs[0].name, "input_ids");
  EXPECT_EQ(signature->inputs[2].name, "attention_mask");
  EXPECT_EQ(signature->inputs[2].shape, (std::vector<int64_t>{2, 7}));
  ASSERT_EQ(signature->outputs.size(), 1U);
  EXPECT_EQ(signature->outputs[0].name, "logits");
  EXPECT_EQ(signature->outputs[0].shape, (std::vector<int64_t>{2, 3}));
}

TEST(Signature, SymbolicSizesAreMinusOne) {
  const auto signature = read_signature(exported(true));
  ASSERT_TRUE(signature) << signature.error().message;
  EXPECT_EQ(signature->inputs[0].shape, (std::vector<int64_t>{-1, -1}));
}

TEST(Signature, OtherBytesAreCorrupt) {
  for (const char* bytes : {"", "no model", "\xff\xff\xff\xff"}) {
    const auto signature = read_signature(bytes);
    ASSERT_FALSE(signature) << bytes;
    EXPECT_EQ(signature.error().category, base::ErrorCategory::kCorrupt);
  }
}

}  // namespace
}  // namespace edgetran::onnx
