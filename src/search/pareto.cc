#include "search/pareto.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/result.h"

namespace edgetran::search {
namespace {

void check_points(const std::vector<Costs>& points) {
  for (const Costs& point : points) {
    EDGETRAN_CHECK(!point.empty() && point.size() == points.front().size(),
                   "points of one length, at least 1");
    for (const double value : point) EDGETRAN_CHECK(std::isfinite(value), "finite costs");
  }
}

/// Indices sorted by the points' values, first objective first; equal points by index.
std::vector<size_t> lexicographic_order(const std::vector<Costs>& points) {
  std::vector<size_t> order(points.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return points[a] < points[b]; });
  return order;
}

/// Fronts under construction, filled in lexicographic order: no later point dominates an earlier.
class Fronts {
 public:
  explicit Fronts(const std::vector<Costs>& points) : points_(points) {}

  /// First front without a dominator of the point. Fronts are nested, so a binary search finds it.
  size_t place(size_t point) {
    size_t low = 0;
    size_t high = fronts_.size();
    while (low < high) {
      const size_t middle = (low + high) / 2;
      if (dominated_by(fronts_[middle], point)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (low == fronts_.size()) fronts_.emplace_back();
    fronts_[low].push_back(point);
    return low;
  }

 private:
  bool dominated_by(const std::vector<size_t>& front, size_t point) const {
    const Costs& candidate = points_[point];
    // With two objectives the last member has the front's smallest second cost.
    if (candidate.size() <= 2) return dominates(points_[front.back()], candidate);
    // The newest members are nearest and dominate most often.
    return std::any_of(front.rbegin(), front.rend(),
                       [&](size_t member) { return dominates(points_[member], candidate); });
  }

  const std::vector<Costs>& points_;
  std::vector<std::vector<size_t>> fronts_;
};

}  // namespace

bool dominates(const Costs& a, const Costs& b) {
  bool better = false;
  for (size_t m = 0; m < a.size(); ++m) {
    if (a[m] > b[m]) return false;
    better = better || a[m] < b[m];
  }
  return better;
}

std::vector<int64_t> non_dominated_ranks(const std::vector<Costs>& points) {
  check_points(points);
  std::vector<int64_t> ranks(points.size(), 0);
  Fronts fronts(points);
  const std::vector<size_t> order = lexicographic_order(points);
  for (size_t i = 0; i < order.size(); ++i) {
    const bool repeated = i > 0 && points[order[i]] == points[order[i - 1]];
    ranks[order[i]] = repeated ? ranks[order[i - 1]] : static_cast<int64_t>(fronts.place(order[i]));
  }
  return ranks;
}

std::vector<size_t> non_dominated(const std::vector<Costs>& points) {
  check_points(points);
  std::vector<size_t> kept;
  const std::vector<size_t> order = lexicographic_order(points);
  for (const size_t candidate : order) {
    const auto beaten = [&](size_t member) { return dominates(points[member], points[candidate]); };
    // With two objectives the last kept one has the smallest second cost so far.
    const bool dominated = points[candidate].size() <= 2
                               ? !kept.empty() && beaten(kept.back())
                               : std::any_of(kept.rbegin(), kept.rend(), beaten);
    if (!dominated) kept.push_back(candidate);
  }
  std::ranges::sort(kept);
  return kept;
}

std::vector<double> crowding_distances(const std::vector<Costs>& points) {
  check_points(points);
  std::vector<double> distances(points.size(), 0);
  if (points.empty()) return distances;
  for (size_t m = 0; m < points.front().size(); ++m) {
    std::vector<size_t> order(points.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::stable_sort(order, {}, [&](size_t i) { return points[i][m]; });
    const double low = points[order.front()][m];
    const double high = points[order.back()][m];
    distances[order.front()] = distances[order.back()] = std::numeric_limits<double>::infinity();
    if (high == low) continue;
    for (size_t i = 1; i + 1 < order.size(); ++i) {
      distances[order[i]] += (points[order[i + 1]][m] - points[order[i - 1]][m]) / (high - low);
    }
  }
  return distances;
}

}  // namespace edgetran::search
