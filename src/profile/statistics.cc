#include "profile/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/result.h"

namespace edgetran::profile {

namespace {

/// Scales a median absolute deviation to the standard deviation of a normal distribution.
constexpr double kMadToSigma = 1.4826;
/// Iglewicz and Hoaglin's modified z-score: 0.6745 (x - median) / MAD.
constexpr double kModifiedZ = 0.6745;
constexpr double kOutlierZ = 14.8;
/// Rank tests are approximations for large n; below this they say nothing.
constexpr size_t kMinimumForRankTest = 8;
/// Slopes of all pairs of this many block medians: 2016 pairs, whatever n is.
constexpr size_t kSlopeBlocks = 64;

double mean_of(std::span<const double> samples) {
  return std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size());
}

double median_deviation(std::span<const double> samples, double centre) {
  std::vector<double> deviations(samples.size());
  std::transform(samples.begin(), samples.end(), deviations.begin(),
                 [centre](double x) { return std::abs(x - centre); });
  return median(deviations);
}

/// What ties take off the variance of Kendall's S: the sum of t (t - 1) (2 t + 5) over ties of t.
double tie_correction(std::span<const double> samples) {
  std::vector<double> sorted(samples.begin(), samples.end());
  std::sort(sorted.begin(), sorted.end());
  double correction = 0;
  for (size_t begin = 0; begin < sorted.size();) {
    size_t end = begin + 1;
    while (end < sorted.size() && sorted[end] == sorted[begin]) ++end;
    const auto t = static_cast<double>(end - begin);
    correction += t * (t - 1) * (2 * t + 5);
    begin = end;
  }
  return correction;
}

/// Kendall's S: pairs that rise minus pairs that fall, in n log n with a Fenwick tree over ranks.
double kendall_s(std::span<const double> samples) {
  std::vector<double> sorted(samples.begin(), samples.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::vector<int64_t> tree(sorted.size() + 1, 0);
  const auto count_up_to = [&](size_t rank) {
    int64_t count = 0;
    for (; rank > 0; rank &= rank - 1) count += tree[rank];
    return count;
  };
  int64_t score = 0;
  for (size_t seen = 0; seen < samples.size(); ++seen) {
    const auto rank = static_cast<size_t>(
        std::lower_bound(sorted.begin(), sorted.end(), samples[seen]) - sorted.begin() + 1);
    const int64_t smaller = count_up_to(rank - 1);
    const int64_t larger = static_cast<int64_t>(seen) - count_up_to(rank);
    score += smaller - larger;
    for (size_t node = rank; node < tree.size(); node += node & (~node + 1)) ++tree[node];
  }
  return static_cast<double>(score);
}

/// Theil-Sen slope over block medians, as the drift over the whole series.
double theil_sen_drift(std::span<const double> samples) {
  const size_t blocks = std::min(kSlopeBlocks, samples.size());
  std::vector<double> levels(blocks);
  std::vector<double> centres(blocks);
  for (size_t b = 0; b < blocks; ++b) {
    const size_t begin = b * samples.size() / blocks;
    const size_t end = (b + 1) * samples.size() / blocks;
    levels[b] = median(samples.subspan(begin, end - begin));
    centres[b] = static_cast<double>(begin + end) / 2;
  }
  std::vector<double> slopes;
  slopes.reserve(blocks * (blocks - 1) / 2);
  for (size_t i = 0; i < blocks; ++i) {
    for (size_t j = i + 1; j < blocks; ++j) {
      slopes.push_back((levels[j] - levels[i]) / (centres[j] - centres[i]));
    }
  }
  return median(slopes) * static_cast<double>(samples.size());
}

}  // namespace

double median(std::span<const double> samples) {
  EDGETRAN_CHECK(!samples.empty(), "median of nothing");
  std::vector<double> copy(samples.begin(), samples.end());
  const auto middle = copy.begin() + static_cast<std::ptrdiff_t>(copy.size() / 2);
  std::nth_element(copy.begin(), middle, copy.end());
  if (copy.size() % 2 == 1) return *middle;
  return (*std::max_element(copy.begin(), middle) + *middle) / 2;
}

double quantile(std::span<const double> samples, double share) {
  EDGETRAN_CHECK(!samples.empty() && share > 0 && share <= 1, "quantile out of range");
  std::vector<double> copy(samples.begin(), samples.end());
  // The small amount keeps 0.9 * 10 = 9.000000000000002 from rounding up to rank 10.
  const double rank = std::ceil(share * static_cast<double>(copy.size()) - 1e-9);
  const auto index = static_cast<size_t>(std::max(rank, 1.0)) - 1;
  const auto place = copy.begin() + static_cast<std::ptrdiff_t>(index);
  std::nth_element(copy.begin(), place, copy.end());
  return *place;
}

double coefficient_of_variation(std::span<const double> samples) {
  if (samples.size() < 2) return 0;
  const double mean = mean_of(samples);
  double sum = 0;
  for (const double x : samples) sum += (x - mean) * (x - mean);
  return std::sqrt(sum / static_cast<double>(samples.size() - 1)) / mean;
}

double relative_spread(std::span<const double> samples) {
  const double centre = median(samples);
  return kMadToSigma * median_deviation(samples, centre) / centre;
}

Trend trend(std::span<const double> samples) {
  if (samples.size() < kMinimumForRankTest) return {};
  const auto n = static_cast<double>(samples.size());
  const double variance = (n * (n - 1) * (2 * n + 5) - tie_correction(samples)) / 18;
  if (variance <= 0) return {};
  const double score = kendall_s(samples);
  const double z = std::max(0.0, std::abs(score) - 1) / std::sqrt(variance);
  return {std::erfc(z / std::sqrt(2.0)), theil_sen_drift(samples) / median(samples)};
}

std::vector<size_t> outliers(std::span<const double> samples, double floor) {
  if (samples.empty()) return {};
  const double centre = median(samples);
  const double deviation = median_deviation(samples, centre);
  std::vector<size_t> found;
  for (size_t i = 0; i < samples.size(); ++i) {
    const double distance = std::abs(samples[i] - centre);
    if (distance > floor && kModifiedZ * distance > kOutlierZ * deviation) found.push_back(i);
  }
  return found;
}

}  // namespace edgetran::profile
