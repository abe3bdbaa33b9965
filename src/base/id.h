#pragma once

#include <string>

#include "base/clock.h"
#include "base/random.h"

namespace edgetran::base {

/// A globally unique id that sorts by time: 26 characters of Crockford's base 32, the first ten
/// the milliseconds of `clock` since 1970, the rest 80 bits of `entropy` (the layout of a ULID).
std::string make_id(const Clock& clock, RandomStream& entropy);

/// A stream seeded by the system's entropy, for ids only: results must come from named seeds.
RandomStream system_entropy();

}  // namespace edgetran::base
