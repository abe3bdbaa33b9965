#include "profile/steady.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>
#include <string>
#include <vector>

#include "base/random.h"
#include "profile/level_changes.h"

namespace edgetran::profile {
namespace {

using base::RandomStream;

double between(RandomStream& stream, double low, double high) {
  return low + (high - low) * stream.uniform();
}

/// Latencies of about 10 ms: a level that moves, times noise of 0.3 to 1.5 % that may depend on its
/// neighbours, with a rare hiccup.
std::vector<double> trace(RandomStream& stream, const std::function<double(double)>& level) {
  const auto count = static_cast<size_t>(between(stream, 200, 800));
  const double noise = between(stream, 0.003, 0.015);
  const double memory = stream.bernoulli(0.5) ? 0 : between(stream, 0, 0.5);
  std::vector<double> seconds(count);
  double state = stream.normal();
  for (size_t i = 0; i < count; ++i) {
    state = memory * state + std::sqrt(1 - memory * memory) * stream.normal();
    seconds[i] = 0.01 * level(static_cast<double>(i) / static_cast<double>(count)) *
                 std::exp(noise * state) * (stream.bernoulli(0.01) ? 1.3 : 1);
  }
  return seconds;
}

using Draw = std::function<std::vector<double>(RandomStream&)>;

std::vector<double> clean(RandomStream& stream) {
  return trace(stream, [](double) { return 1.0; });
}
std::vector<double> ramp(RandomStream& stream) {
  const double rise = between(stream, 0.04, 0.3) * (stream.bernoulli(0.5) ? 1 : -0.7);
  return trace(stream, [=](double x) { return 1 + rise * x; });
}
std::vector<double> step(RandomStream& stream) {
  const double place = between(stream, 0.15, 0.85);
  const double size = between(stream, 0.03, 0.3) * (stream.bernoulli(0.5) ? 1 : -0.7);
  return trace(stream, [=](double x) { return x < place ? 1 : 1 + size; });
}
std::vector<double> oscillation(RandomStream& stream) {
  const double cycles = between(stream, 1.5, 20);
  const double phase = between(stream, 0, 2 * std::numbers::pi);
  const double size = between(stream, 0.03, 0.2);
  const bool square = stream.bernoulli(0.3);
  return trace(stream, [=](double x) {
    const double wave = std::sin(2 * std::numbers::pi * cycles * x + phase);
    return 1 + size * (square ? (wave > 0 ? 1 : -1) : wave);
  });
}
/// Slower for a while: to the end, or until it has cooled.
std::vector<double> throttle(RandomStream& stream) {
  const double begin = between(stream, 0.1, 0.7);
  const double end = stream.bernoulli(0.5) ? 1 : begin + between(stream, 0.1, 0.25);
  const double size = between(stream, 0.1, 0.8);
  return trace(stream, [=](double x) { return x >= begin && x < end ? 1 + size : 1; });
}

/// Share of 400 drawn traces of which `detect` says so.
double share(const std::string& name, const Draw& draw,
             const std::function<bool(const std::vector<double>&)>& detect) {
  constexpr int kTraces = 400;
  RandomStream stream(1, "test.steady." + name);
  int found = 0;
  for (int i = 0; i < kTraces; ++i) found += detect(draw(stream)) ? 1 : 0;
  return static_cast<double>(found) / kTraces;
}

constexpr double kDrift = 0.02;  // the smallest change drawn above is of 0.03

TEST(LevelMoved, TellsMovingTracesFromCleanOnes) {
  const auto moved = [](const std::vector<double>& seconds) {
    return level_moved(seconds, kDrift);
  };
  EXPECT_LE(share("clean", clean, moved), 0.05);
  EXPECT_GE(share("ramp", ramp, moved), 0.95);
  EXPECT_GE(share("step", step, moved), 0.95);
  EXPECT_GE(share("oscillation", oscillation, moved), 0.95);
  EXPECT_GE(share("throttle", throttle, moved), 0.95);
}

TEST(IsSteady, TellsACleanWarmUpFromAMovingOne) {
  const auto steady = [](const std::vector<double>& seconds) { return is_steady(seconds); };
  EXPECT_GE(share("clean", clean, steady), 0.95);
  EXPECT_LE(share("ramp", ramp, steady), 0.05);
  EXPECT_LE(share("oscillation", oscillation, steady), 0.05);
}

}  // namespace
}  // namespace edgetran::profile
