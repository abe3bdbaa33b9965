#pragma once

#include <cstdint>
#include <vector>

#include "search/method.h"
#include "search/problem.h"

namespace edgetran::search {

/// Ids of the pairs' trials, best first. A trial stands where its best pair stands; pairs are
/// ordered by: breaks no constraint, front of the non-dominated sorting, crowding distance within
/// the front (larger first), costs in the problem's order, trial id. Pairs without a value of every
/// objective are left out, and with them trials that have no other.
std::vector<int64_t> order_trials(const Problem& problem, const std::vector<Pair>& pairs);

}  // namespace edgetran::search
