#include "profile/level_changes.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "profile/statistics.h"

namespace edgetran::profile {

namespace {

/// Rank tests are approximations for large n; below this they say nothing.
constexpr size_t kMinimumForRankTest = 8;
constexpr size_t kMinimumForPeriods = 32;
/// Longer series are averaged down to so many points: 128 periods of 8 points.
constexpr size_t kPoints = 1024;
constexpr size_t kShortestPeriod = 8;
/// Frequencies beside a peak on either side whose median is its background.
constexpr size_t kNeighbours = 12;
/// Frequencies beside a peak that it leaks into.
constexpr size_t kLeakage = 1;

/// Ranks from 1, equal values sharing their mean rank, minus the mean of all.
std::vector<double> centred_ranks(std::span<const double> samples) {
  std::vector<size_t> order(samples.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return samples[a] < samples[b]; });
  std::vector<double> ranks(samples.size());
  const double mean = (static_cast<double>(samples.size()) + 1) / 2;
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin + 1;
    while (end < order.size() && samples[order[end]] == samples[order[begin]]) ++end;
    for (size_t i = begin; i < end; ++i) {
      ranks[order[i]] = (static_cast<double>(begin) + static_cast<double>(end) + 1) / 2 - mean;
    }
    begin = end;
  }
  return ranks;
}

/// P(range of a Brownian bridge > x), Kuiper's distribution.
double kuiper_tail(double x) {
  if (x < 0.5) return 1;  // the series converges slowly there, to 1 within 1e-9
  double sum = 0;
  for (int j = 1; j <= 20; ++j) {
    const double square = 4.0 * j * j * x * x;
    sum += 2 * (square - 1) * std::exp(-square / 2);
  }
  return std::clamp(sum, 0.0, 1.0);
}

double median_outside(std::span<const double> samples, size_t begin, size_t end) {
  std::vector<double> rest(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(begin));
  rest.insert(rest.end(), samples.begin() + static_cast<std::ptrdiff_t>(end), samples.end());
  return median(rest);
}

/// At most kPoints means of neighbouring samples, outliers pulled in.
std::vector<double> points_of(std::span<const double> samples) {
  const double low = quantile(samples, 0.01);
  const double high = quantile(samples, 0.99);
  const size_t count = std::min(kPoints, samples.size());
  std::vector<double> points(count);
  for (size_t i = 0; i < count; ++i) {
    const size_t begin = i * samples.size() / count;
    const size_t end = (i + 1) * samples.size() / count;
    for (size_t j = begin; j < end; ++j) points[i] += std::clamp(samples[j], low, high);
    points[i] /= static_cast<double>(end - begin);
  }
  return points;
}

/// Squared amplitudes of the sines of 0 .. `frequencies` cycles; those of 0 and 1 are left 0.
std::vector<double> periodogram(const std::vector<double>& points, size_t frequencies) {
  const auto n = static_cast<double>(points.size());
  const double mean = std::accumulate(points.begin(), points.end(), 0.0) / n;
  std::vector<double> power(frequencies + 1);
  for (size_t k = 2; k <= frequencies; ++k) {
    const double step = 2 * std::numbers::pi * static_cast<double>(k) / n;
    // Goertzel's recursion: one cosine a frequency.
    const double twice_cosine = 2 * std::cos(step);
    double last = 0;
    double before = 0;
    for (const double point : points) {
      const double next = point - mean + twice_cosine * last - before;
      before = last;
      last = next;
    }
    power[k] = 4 * (last * last + before * before - twice_cosine * last * before) / (n * n);
  }
  return power;
}

/// P(a frequency of noise has the power of this one or more), by the median of those around it.
double noise_tail(const std::vector<double>& power, size_t peak) {
  std::vector<double> around;
  for (size_t k = 2; k < power.size(); ++k) {
    const size_t distance = k > peak ? k - peak : peak - k;
    if (distance > kLeakage && distance <= kNeighbours) around.push_back(power[k]);
  }
  const double middle = around.empty() ? 0 : median(around);
  if (middle <= 0) return 1;
  // Powers of noise are exponential, with a mean of the median over ln 2. The median of M of them
  // knows that mean as well as M ln(2)^2 of their sum would: the ratio to such a sum is Lomax's.
  const double worth = static_cast<double>(around.size()) * std::numbers::ln2 * std::numbers::ln2;
  return std::pow(1 + std::numbers::ln2 * power[peak] / middle / worth, -worth);
}

}  // namespace

Excursion find_excursion(std::span<const double> samples) {
  if (samples.size() < kMinimumForRankTest) return {};
  const auto ranks = centred_ranks(samples);
  double squares = 0;
  for (const double rank : ranks) squares += rank * rank;
  if (squares <= 0) return {};
  double sum = 0;
  double lowest = 0;
  double highest = 0;
  size_t lowest_at = 0;
  size_t highest_at = 0;
  for (size_t i = 0; i < ranks.size(); ++i) {
    sum += ranks[i];
    if (sum < lowest) {
      lowest = sum;
      lowest_at = i + 1;
    }
    if (sum > highest) {
      highest = sum;
      highest_at = i + 1;
    }
  }
  Excursion found;
  found.begin = std::min(lowest_at, highest_at);
  found.end = std::max(lowest_at, highest_at);
  // A sum of n independent ranks has n times their variance; the bridge is over its root.
  found.p_value = kuiper_tail((highest - lowest) / std::sqrt(squares));
  if (found.begin == found.end || (found.begin == 0 && found.end == samples.size())) return {};
  found.step = median(samples.subspan(found.begin, found.end - found.begin)) /
                   median_outside(samples, found.begin, found.end) -
               1;
  return found;
}

Oscillation find_oscillation(std::span<const double> samples) {
  if (samples.size() < kMinimumForPeriods) return {};
  const auto points = points_of(samples);
  const size_t frequencies = points.size() / kShortestPeriod;
  const auto power = periodogram(points, frequencies);
  Oscillation found;
  for (size_t k = 2; k <= frequencies; ++k) {
    // The largest of all frequencies.
    const double p_value =
        1 - std::pow(1 - noise_tail(power, k), static_cast<double>(frequencies - 1));
    if (p_value >= found.p_value) continue;
    found.p_value = p_value;
    found.period = static_cast<double>(samples.size()) / static_cast<double>(k);
    found.amplitude = std::sqrt(power[k]) / median(samples);
  }
  return found;
}

}  // namespace edgetran::profile
