#include "train/class_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace edgetran::train {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<std::string> kNames = {"no", "yes", "maybe"};

TEST(ClassWeights, NoneIsEmpty) {
  EXPECT_TRUE(class_weights("none", std::vector<int64_t>{1, 2, 3}, kNames)->empty());
}

TEST(ClassWeights, BalancedOnesAreRowsOverClassesTimesTheClassesRows) {
  // 12 rows, 3 classes: 12 / (3 * 6), 12 / (3 * 4), 12 / (3 * 2).
  const auto weights = class_weights("balanced", std::vector<int64_t>{6, 4, 2}, kNames);
  ASSERT_TRUE(weights) << weights.error().message;
  EXPECT_THAT(*weights, ElementsAre(DoubleEq(2.0 / 3), DoubleEq(1), DoubleEq(2)));
}

TEST(ClassWeights, NumbersAreTakenInTheOrderOfTheLabels) {
  const auto weights = class_weights("1,0.5,2e1", std::vector<int64_t>{0, 0, 0}, kNames);
  ASSERT_TRUE(weights) << weights.error().message;
  EXPECT_THAT(*weights, ElementsAre(1, 0.5, 20));
}

TEST(ClassWeights, RefusesWhatIsNoNumberAboveZero) {
  for (const char* text : {"", "heavy", "1,,2", "1,2x", "0,1", "-1,2", "nan,1", "inf,1", "1 ,2"}) {
    const auto status = check_class_weights(text);
    ASSERT_FALSE(status) << text;
    EXPECT_EQ(status.error().category, base::ErrorCategory::kUsage);
    EXPECT_THAT(status.error().message, HasSubstr(std::string("'") + text + "'"));
  }
  EXPECT_TRUE(check_class_weights("balanced"));
}

TEST(ClassWeights, NamesTheLabelsWhereTheNumberDiffers) {
  const auto weights = class_weights("1,2", std::vector<int64_t>{1, 1, 1}, kNames);
  ASSERT_FALSE(weights);
  EXPECT_THAT(weights.error().message, HasSubstr("2 numbers for 3 labels (no, yes, maybe)"));
}

TEST(ClassWeights, ALabelWithoutRowsCannotBeBalanced) {
  const auto weights = class_weights("balanced", std::vector<int64_t>{1, 0, 1}, kNames);
  ASSERT_FALSE(weights);
  EXPECT_THAT(weights.error().message, HasSubstr("'yes'"));
}

}  // namespace
}  // namespace edgetran::train
