#pragma once

#include <vector>

#include "search/pareto.h"

namespace edgetran::search {

/// Volume that the points dominate below `reference` (all minimised), exact up to rounding. Points
/// not better than the reference in every objective add nothing. Two objectives: a sweep,
/// O(n log n); three: a sweep over a staircase, O(n log n); more: WFG (While, Bradstreet, Barone,
/// IEEE TEC 16(1), 2012), exponential in the objectives at worst.
double hypervolume(std::vector<Costs> points, const Costs& reference);

}  // namespace edgetran::search
