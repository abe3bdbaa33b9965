#include "search/hypervolume.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>

#include "base/result.h"

namespace edgetran::search {
namespace {

double box(const Costs& point, const Costs& reference) {
  double volume = 1;
  for (size_t m = 0; m < point.size(); ++m) volume *= reference[m] - point[m];
  return volume;
}

std::vector<Costs> front_of(const std::vector<Costs>& points) {
  std::vector<Costs> front;
  for (const size_t i : non_dominated(points)) front.push_back(points[i]);
  return front;
}

double volume_of_line(const std::vector<Costs>& points, const Costs& reference) {
  double best = reference[0];
  for (const Costs& point : points) best = std::min(best, point[0]);
  return reference[0] - best;
}

/// Strips between neighbours of the front, from the smallest first cost on.
double volume_of_plane(std::vector<Costs> points, const Costs& reference) {
  std::ranges::sort(points);
  double area = 0;
  double ceiling = reference[1];
  for (const Costs& point : points) {
    if (point[1] >= ceiling) continue;
    area += (reference[0] - point[0]) * (ceiling - point[1]);
    ceiling = point[1];
  }
  return area;
}

/// The staircase of the points below a rising third cost, with its area.
class Staircase {
 public:
  explicit Staircase(const Costs& reference) : right_(reference[0]), top_(reference[1]) {}

  double area() const { return area_; }

  void add(double x, double y) {
    auto next = steps_.upper_bound(x);
    const double ceiling = next == steps_.begin() ? top_ : std::prev(next)->second;
    if (y >= ceiling) return;  // nothing new
    if (next != steps_.begin() && std::prev(next)->first == x) --next;
    // From x on, the stair falls from what stood there to y, until a step at or below y.
    double from = x;
    double height = ceiling;
    while (next != steps_.end() && next->second >= y) {
      area_ += (next->first - from) * (height - y);
      from = next->first;
      height = next->second;
      next = steps_.erase(next);
    }
    area_ += ((next == steps_.end() ? right_ : next->first) - from) * (height - y);
    steps_[x] = y;
  }

 private:
  double right_;
  double top_;
  double area_ = 0;
  std::map<double, double> steps_;  // first cost -> second cost, falling
};

double volume_of_space(std::vector<Costs> points, const Costs& reference) {
  std::ranges::sort(points, {}, [](const Costs& point) { return point[2]; });
  Staircase stairs(reference);
  double volume = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    stairs.add(points[i][0], points[i][1]);
    const double next = i + 1 < points.size() ? points[i + 1][2] : reference[2];
    volume += stairs.area() * (next - points[i][2]);
  }
  return volume;
}

double wfg(std::vector<Costs> points, const Costs& reference);

double volume_of(std::vector<Costs> points, const Costs& reference) {
  switch (reference.size()) {
    case 1:
      return volume_of_line(points, reference);
    case 2:
      return volume_of_plane(std::move(points), reference);
    case 3:
      return volume_of_space(std::move(points), reference);
    default:
      return wfg(front_of(points), reference);
  }
}

/// Sums what each point dominates that no later one does: its box without the part under the later
/// points, each limited to that box. In falling order of the last cost the limited points all have
/// the point's own last cost, so it factors out and the recursion has one objective less.
double wfg(std::vector<Costs> points, const Costs& reference) {
  std::ranges::sort(points, [](const Costs& a, const Costs& b) {
    return a.back() != b.back() ? a.back() > b.back() : a > b;
  });
  const Costs lower_reference(reference.begin(), std::prev(reference.end()));
  double volume = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    std::vector<Costs> lower;
    for (size_t j = i + 1; j < points.size(); ++j) {
      Costs limited(points[i].size() - 1);
      std::transform(points[i].begin(), std::prev(points[i].end()), points[j].begin(),
                     limited.begin(), [](double a, double b) { return std::max(a, b); });
      lower.push_back(std::move(limited));
    }
    const Costs slice(points[i].begin(), std::prev(points[i].end()));
    const double covered = lower.empty() ? 0 : volume_of(std::move(lower), lower_reference);
    volume += (box(slice, lower_reference) - covered) * (reference.back() - points[i].back());
  }
  return volume;
}

}  // namespace

double hypervolume(std::vector<Costs> points, const Costs& reference) {
  EDGETRAN_CHECK(!reference.empty(), "a reference of at least one objective");
  for (const double value : reference) EDGETRAN_CHECK(std::isfinite(value), "finite reference");
  for (const Costs& point : points) {
    EDGETRAN_CHECK(point.size() == reference.size(), "points as long as the reference");
    for (const double value : point) EDGETRAN_CHECK(std::isfinite(value), "finite costs");
  }
  std::erase_if(points, [&](const Costs& point) {
    for (size_t m = 0; m < point.size(); ++m) {
      if (point[m] >= reference[m]) return true;
    }
    return false;
  });
  return points.empty() ? 0 : volume_of(std::move(points), reference);
}

}  // namespace edgetran::search
