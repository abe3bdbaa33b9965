#pragma once

#include <array>
#include <cstdint>

namespace edgetran::base {

/// One block of Philox 4x32 with ten rounds (Salmon et al., "Parallel random numbers: as easy as
/// 1, 2, 3", SC 2011): a bijection of the counter for each key.
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

}  // namespace edgetran::base
