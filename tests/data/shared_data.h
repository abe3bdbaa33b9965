#pragma once

#include <cstdlib>
#include <filesystem>

namespace edgetran {

/// The folder of shared data: EDGETRAN_SHARED_DATA, else ../shared/data beside the checkout. Tests
/// skip where it is not there.
inline std::filesystem::path shared_data() {
  const char* given = std::getenv("EDGETRAN_SHARED_DATA");
  return given != nullptr ? std::filesystem::path(given)
                          : std::filesystem::path(EDGETRAN_SOURCE_DIR) / ".." / "shared" / "data";
}

}  // namespace edgetran
