#include "profile/student_t.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace edgetran::profile {
namespace {

// With one and two degrees of freedom the distribution has a closed form.
TEST(StudentT, MeetsItsClosedForms) {
  for (const double t : {-30.0, -2.5, -0.1, 0.0, 0.7, 1.0, 12.0}) {
    EXPECT_NEAR(student_t_probability(t, 1), 0.5 + std::atan(t) / std::numbers::pi, 1e-12) << t;
    EXPECT_NEAR(student_t_probability(t, 2), 0.5 + t / (2 * std::sqrt(2 + t * t)), 1e-12) << t;
  }
}

// Tables of Student's t, two-sided 95 % (Fisher and Yates, Statistical Tables).
TEST(StudentT, MeetsTheTables) {
  for (const auto& [freedom, quantile] :
       {std::pair{1, 12.706}, std::pair{4, 2.776}, std::pair{9, 2.262}, std::pair{29, 2.045}})
    EXPECT_NEAR(student_t_quantile(0.975, freedom), quantile, 6e-4) << freedom;
  EXPECT_NEAR(student_t_quantile(0.975, 1e7), 1.959964, 1e-5);
}

TEST(StudentT, QuantileAndProbabilityAreInverse) {
  for (const double freedom : {0.7, 2.0, 3.5, 40.0, 5000.0})
    for (const double probability : {1e-6, 0.025, 0.4, 0.5, 0.9, 0.9999}) {
      const double t = student_t_quantile(probability, freedom);
      EXPECT_NEAR(student_t_probability(t, freedom), probability, 1e-9) << freedom;
    }
}

}  // namespace
}  // namespace edgetran::profile
