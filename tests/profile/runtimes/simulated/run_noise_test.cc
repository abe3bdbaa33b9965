#include "profile/runtimes/simulated/run_noise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace edgetran::profile::simulated {
namespace {

constexpr int kRuns = 20'000;

std::vector<double> draw(const SimulatedLaw& law) {
  RunNoise noise(law);
  std::vector<double> factors;
  for (int i = 0; i < kRuns; ++i) factors.push_back(noise.next());
  return factors;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

/// Correlation of the logarithms of neighbours.
double correlation(std::vector<double> factors) {
  for (double& factor : factors) factor = std::log(factor);
  const double centre = mean(factors);
  double both = 0, own = 0;
  for (size_t i = 1; i < factors.size(); ++i) {
    both += (factors[i] - centre) * (factors[i - 1] - centre);
    own += (factors[i] - centre) * (factors[i] - centre);
  }
  return both / own;
}

SimulatedLaw law_of(double share, double correlated, uint64_t seed = 3) {
  SimulatedLaw law;
  law.noise_share = share;
  law.noise_correlation = correlated;
  law.seed = seed;
  return law;
}

TEST(RunNoise, HasTheMeanOneAndTheShareAsItsDeviation) {
  const auto factors = draw(law_of(0.1, 0));
  EXPECT_NEAR(mean(factors), 1, 4 * 0.1 / std::sqrt(kRuns));
  double squares = 0;
  for (const double factor : factors) squares += (factor - 1) * (factor - 1);
  EXPECT_NEAR(std::sqrt(squares / kRuns), 0.1, 0.003);
}

TEST(RunNoise, ItsMedianIsTheLognormalOnes) {
  auto factors = draw(law_of(0.3, 0));
  std::nth_element(factors.begin(), factors.begin() + kRuns / 2, factors.end());
  EXPECT_NEAR(factors[kRuns / 2], std::exp(-0.045), 4 * 1.2533 * 0.3 / std::sqrt(kRuns));
}

TEST(RunNoise, NeighboursAreCorrelatedAsTheLawSays) {
  EXPECT_NEAR(correlation(draw(law_of(0.05, 0))), 0, 0.03);
  EXPECT_NEAR(correlation(draw(law_of(0.05, 0.6))), 0.6, 0.03);
}

TEST(RunNoise, CorrelationLeavesTheDeviation) {
  const auto factors = draw(law_of(0.1, 0.6));
  double squares = 0;
  for (const double factor : factors) squares += (factor - 1) * (factor - 1);
  EXPECT_NEAR(std::sqrt(squares / kRuns), 0.1, 0.006);
}

TEST(RunNoise, SpikesAreAsManyAndAsLongAsTheLawSays) {
  SimulatedLaw law = law_of(0, 0);
  law.spike_share = 0.02;
  law.spike_factor = 5;
  const auto factors = draw(law);
  const auto spikes = std::count(factors.begin(), factors.end(), 5.0);
  EXPECT_EQ(spikes + std::count(factors.begin(), factors.end(), 1.0), kRuns);
  EXPECT_NEAR(static_cast<double>(spikes), 0.02 * kRuns, 4 * std::sqrt(0.02 * kRuns));
}

TEST(RunNoise, TheSameSeedGivesTheSameFactorsAndAnotherOthers) {
  EXPECT_EQ(draw(law_of(0.1, 0.5)), draw(law_of(0.1, 0.5)));
  EXPECT_NE(draw(law_of(0.1, 0.5, 3)), draw(law_of(0.1, 0.5, 4)));
}

}  // namespace
}  // namespace edgetran::profile::simulated
