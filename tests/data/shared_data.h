#pragma once

#include <cstdlib>
#include <filesystem>

#include "places.h"

namespace edgetran {

/// The folder of shared data: EDGETRAN_SHARED_DATA, else ../shared/data beside the checkout. Tests
/// skip where it is not there.
inline std::filesystem::path shared_data() {
  const char* given = std::getenv("EDGETRAN_SHARED_DATA");
  return given != nullptr ? std::filesystem::path(given)
                          : places::source() / ".." / "shared" / "data";
}

}  // namespace edgetran
