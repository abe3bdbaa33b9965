#include "search/pair_order.h"

#include <algorithm>
#include <map>
#include <set>

#include "search/pareto.h"

namespace edgetran::search {
namespace {

struct Standing {
  bool broken = false;
  int64_t rank = 0;
  double crowding = 0;
  Costs costs;
  int64_t trial = 0;

  bool operator<(const Standing& other) const {
    if (broken != other.broken) return other.broken;
    if (rank != other.rank) return rank < other.rank;
    if (crowding != other.crowding) return crowding > other.crowding;
    if (costs != other.costs) return costs < other.costs;
    return trial < other.trial;
  }
};

/// Fills rank and crowding of the standings with this value of `broken`.
void rank_group(std::vector<Standing>& standings, bool broken) {
  std::vector<size_t> group;
  std::vector<Costs> points;
  for (size_t i = 0; i < standings.size(); ++i) {
    if (standings[i].broken != broken) continue;
    group.push_back(i);
    points.push_back(standings[i].costs);
  }
  const std::vector<int64_t> ranks = non_dominated_ranks(points);
  std::map<int64_t, std::vector<size_t>> fronts;
  for (size_t k = 0; k < group.size(); ++k) {
    standings[group[k]].rank = ranks[k];
    fronts[ranks[k]].push_back(k);
  }
  for (const auto& [rank, members] : fronts) {
    std::vector<Costs> front;
    front.reserve(members.size());
    for (const size_t k : members) front.push_back(points[k]);
    const std::vector<double> distances = crowding_distances(front);
    for (size_t j = 0; j < members.size(); ++j)
      standings[group[members[j]]].crowding = distances[j];
  }
}

}  // namespace

std::vector<int64_t> order_trials(const Problem& problem, const std::vector<Pair>& pairs) {
  std::vector<Standing> standings;
  for (const Pair& pair : pairs) {
    auto costs = problem.costs(pair.metrics);
    if (!costs) continue;
    const bool broken = problem.broken(pair.metrics) != nullptr;
    standings.push_back({broken, 0, 0, std::move(*costs), pair.trial});
  }
  rank_group(standings, false);
  rank_group(standings, true);
  std::ranges::stable_sort(standings, [](const auto& a, const auto& b) { return a < b; });
  std::vector<int64_t> order;
  std::set<int64_t> seen;
  for (const Standing& standing : standings) {
    if (seen.insert(standing.trial).second) order.push_back(standing.trial);
  }
  return order;
}

}  // namespace edgetran::search
