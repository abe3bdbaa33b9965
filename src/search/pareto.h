#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace edgetran::search {

/// Costs of one candidate, every objective minimised; all points of a call have one length >= 1
/// and finite values (a programmer error otherwise).
using Costs = std::vector<double>;

/// True when `a` is nowhere worse than `b` and somewhere better.
bool dominates(const Costs& a, const Costs& b);

/// Front of each point: 0 is non-dominated, 1 is non-dominated once front 0 is taken away, ...
/// Equal points share a front. O(n log n) for one and two objectives; for more, O(n^2) at worst.
/// Zhang et al., "An efficient approach to nondominated sorting", IEEE TEC 19(2), 2015.
std::vector<int64_t> non_dominated_ranks(const std::vector<Costs>& points);

/// Indices of the non-dominated points, ascending; equal points are all kept.
std::vector<size_t> non_dominated(const std::vector<Costs>& points);

/// Crowding distance of each point within its own list (Deb et al., NSGA-II, IEEE TEC 6(2), 2002):
/// infinity at the ends of an objective.
std::vector<double> crowding_distances(const std::vector<Costs>& points);

}  // namespace edgetran::search
