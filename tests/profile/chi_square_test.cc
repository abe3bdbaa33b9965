#include "profile/chi_square.h"

#include <gtest/gtest.h>

#include <cmath>

namespace edgetran::profile {
namespace {

TEST(ChiSquare, FollowsItsClosedFormForEvenDegreesOfFreedom) {
  // P(X > x) = e^(-x/2) sum_{k < n/2} (x/2)^k / k!.
  for (const int freedom : {2, 4, 10, 40}) {
    for (const double x : {0.01, 0.5, 3.0, 12.0, 60.0}) {
      double term = 1;
      double sum = 1;
      for (int k = 1; k < freedom / 2; ++k) {
        term *= x / 2 / k;
        sum += term;
      }
      EXPECT_NEAR(chi_square_probability(x, freedom), 1 - std::exp(-x / 2) * sum, 1e-12)
          << freedom << " " << x;
    }
  }
}

TEST(ChiSquare, OfOneDegreeIsTheSquareOfANormal) {
  for (const double z : {0.1, 0.7, 1.96, 3.5})
    EXPECT_NEAR(chi_square_probability(z * z, 1), std::erf(z / std::sqrt(2.0)), 1e-12);
}

TEST(ChiSquare, GivesTheTabulatedQuantiles) {
  EXPECT_NEAR(chi_square_quantile(0.95, 1), 3.841458820694124, 1e-9);
  EXPECT_NEAR(chi_square_quantile(0.975, 10), 20.483177350807388, 1e-8);
  EXPECT_NEAR(chi_square_quantile(0.025, 10), 3.2469727802368413, 1e-9);
}

TEST(ChiSquare, QuantileUndoesTheProbability) {
  for (const double freedom : {1.0, 3.0, 17.0, 300.0})
    for (const double probability : {0.001, 0.3, 0.975})
      EXPECT_NEAR(chi_square_probability(chi_square_quantile(probability, freedom), freedom),
                  probability, 1e-9);
}

}  // namespace
}  // namespace edgetran::profile
