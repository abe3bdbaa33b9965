#pragma once

#include <cstdint>

namespace edgetran::train::kernels {

/// draws[i] for i in [0, count): 16 uniform bits of element first + i under `key`. Counter-based:
/// one 32-bit hash of (key, element / 2) serves two elements, so any range can be drawn in any
/// order, on any number of threads and with any vector width, and gives the same bits. They repeat
/// after 2^33 elements.
void draw_bits(uint64_t key, uint64_t first, int64_t count, uint16_t* draws);

/// Draws below it fall: the share in 1/65536.
uint32_t drop_threshold(double share);

}  // namespace edgetran::train::kernels
