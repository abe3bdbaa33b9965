#include "profile/level_changes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "base/random.h"

namespace edgetran::profile {
namespace {

std::vector<double> normals(base::RandomStream& stream, size_t count, double mean, double sigma) {
  std::vector<double> values(count);
  for (double& value : values) value = mean + sigma * stream.normal();
  return values;
}

TEST(Excursion, FindsTheStepAndItsPlace) {
  base::RandomStream stream(6, "test.step");
  auto values = normals(stream, 100, 10, 0.2);
  for (size_t i = 60; i < values.size(); ++i) values[i] += 1;
  const Excursion found = find_excursion(values);
  EXPECT_LT(found.p_value, 1e-6);
  // Which of the two parts is called the stretch does not matter.
  const size_t place = found.begin == 0 ? found.end : found.begin;
  EXPECT_NEAR(static_cast<double>(place), 60, 3);
  EXPECT_NEAR(std::abs(found.step), 0.1, 0.02);
}

TEST(Excursion, FindsWhatPasses) {
  base::RandomStream stream(7, "test.pulse");
  auto values = normals(stream, 300, 10, 0.2);
  for (size_t i = 120; i < 160; ++i) values[i] += 3;
  const Excursion found = find_excursion(values);
  EXPECT_LT(found.p_value, 1e-6);
  EXPECT_NEAR(static_cast<double>(found.begin), 120, 15);
  EXPECT_NEAR(static_cast<double>(found.end), 160, 15);
  EXPECT_NEAR(found.step, 0.3, 0.03);
}

TEST(Excursion, FalseAlarmsAreAsRareAsThePValueSays) {
  base::RandomStream stream(8, "test.no-step");
  int at_one = 0;
  int at_ten = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    const double p_value = find_excursion(normals(stream, 100, 10, 1)).p_value;
    at_one += p_value <= 0.01 ? 1 : 0;
    at_ten += p_value <= 0.1 ? 1 : 0;
  }
  EXPECT_LE(at_one, 20);  // 10 expected, three standard deviations are 9
  EXPECT_LE(at_ten, 130);
  EXPECT_GE(at_ten, 50);
}

TEST(Excursion, OfConstantOrFewSamplesIsNone) {
  EXPECT_EQ(find_excursion(std::vector<double>(50, 2.0)).p_value, 1);
  EXPECT_EQ(find_excursion(std::vector<double>{1, 1, 1, 9, 9, 9, 9}).p_value, 1);
}

TEST(Oscillation, FindsPeriodAndAmplitude) {
  base::RandomStream stream(9, "test.wave");
  for (const size_t count : {200U, 1024U, 5000U}) {
    auto values = normals(stream, count, 10, 0.3);
    const double period = static_cast<double>(count) / 9;
    for (size_t i = 0; i < count; ++i)
      values[i] += std::sin(2 * std::numbers::pi * static_cast<double>(i) / period);
    const Oscillation found = find_oscillation(values);
    EXPECT_LT(found.p_value, 1e-6) << count;
    EXPECT_NEAR(found.period / period, 1, 1e-9) << count;
    EXPECT_NEAR(found.amplitude, 0.1, 0.01) << count;
  }
}

TEST(Oscillation, NoiseHasNone) {
  base::RandomStream stream(10, "test.no-wave");
  int white = 0;
  int red = 0;
  for (int trial = 0; trial < 500; ++trial) {
    const auto values = normals(stream, 400, 10, 0.3);
    white += find_oscillation(values).p_value <= 0.01 ? 1 : 0;
    std::vector<double> walk(values.size());
    double state = 0;
    for (size_t i = 0; i < values.size(); ++i)
      walk[i] = 10 + (state = 0.7 * state + values[i] - 10);
    red += find_oscillation(walk).p_value <= 0.01 ? 1 : 0;
  }

  EXPECT_LE(white, 500 * 0.03);
  EXPECT_LE(red, 500 * 0.03);
}

TEST(Oscillation, OfConstantOrFewSamplesIsNone) {
  EXPECT_EQ(find_oscillation(std::vector<double>(50, 2.0)).p_value, 1);
  EXPECT_EQ(find_oscillation(std::vector<double>(31, 2.0)).p_value, 1);
}

}  // namespace
}  // namespace edgetran::profile
