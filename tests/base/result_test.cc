#include "base/result.h"

#include <gtest/gtest.h>

namespace edgetran::base {
namespace {

constexpr ErrorCategory kAll[] = {
    ErrorCategory::kUsage,      ErrorCategory::kNotFound,   ErrorCategory::kFailed,
    ErrorCategory::kCorrupt,    ErrorCategory::kResource,   ErrorCategory::kProtocol,
    ErrorCategory::kInfeasible, ErrorCategory::kDevice,     ErrorCategory::kPermission,
    ErrorCategory::kBudget,     ErrorCategory::kInterrupted};

TEST(Result, CategoryNamesRoundTrip) {
  for (ErrorCategory category : kAll)
    EXPECT_EQ(category_from_name(category_name(category)), category) << category_name(category);
}

TEST(Result, UnknownCategoryNameIsFailed) {
  EXPECT_EQ(category_from_name("no such thing"), ErrorCategory::kFailed);
}

TEST(Result, ExitCodesAreTheDocumentedOnes) {
  EXPECT_EQ(exit_code(ErrorCategory::kFailed), 1);
  EXPECT_EQ(exit_code(ErrorCategory::kUsage), 2);
  EXPECT_EQ(exit_code(ErrorCategory::kInfeasible), 3);
  EXPECT_EQ(exit_code(ErrorCategory::kDevice), 4);
  EXPECT_EQ(exit_code(ErrorCategory::kPermission), 4);
  EXPECT_EQ(exit_code(ErrorCategory::kBudget), 5);
  EXPECT_EQ(exit_code(ErrorCategory::kInterrupted), 130);
}

TEST(Result, ContextGoesInFrontAndKeepsTheRest) {
  const Error error = Error{ErrorCategory::kDevice, "it is off", "switch it on"}.within("board a");
  EXPECT_EQ(error.message, "board a: it is off");
  EXPECT_EQ(error.category, ErrorCategory::kDevice);
  EXPECT_EQ(error.hint, "switch it on");
}

Result<int> half(int value) {
  if (value % 2 != 0) return fail(ErrorCategory::kUsage, "odd");
  return value / 2;
}

Result<std::string> quarter(int value) {
  EDGETRAN_ASSIGN(const int first, half(value));
  EDGETRAN_ASSIGN(const int second, half(first));
  return std::to_string(second);
}

Status only_even(int value) {
  EDGETRAN_TRY(half(value));
  return {};
}

TEST(Result, MacrosPassValuesAndErrorsOn) {
  EXPECT_EQ(quarter(12).value(), "3");
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_TRUE(only_even(2).has_value());
  EXPECT_EQ(only_even(3).error().message, "odd");
}

TEST(ResultDeathTest, BrokenPromiseAbortsWithItsPlace) {
  EXPECT_DEATH(EDGETRAN_CHECK(1 > 2, "one is small"), "result_test.cc:.*one is small.*1 > 2");
}

}  // namespace
}  // namespace edgetran::base
