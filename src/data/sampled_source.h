#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "data/source.h"

namespace edgetran::data {

/// `source` with at most limits[split] rows of each split named there, drawn at random without
/// replacement and kept in their order. Depends only on (rows, limits, seed). Reads the source
/// twice.
std::unique_ptr<DataSource> make_sampled_source(std::unique_ptr<DataSource> source,
                                                std::map<std::string, int64_t> limits,
                                                uint64_t seed);

}  // namespace edgetran::data
