#include "places.h"

namespace edgetran::places {

std::filesystem::path source() { return EDGETRAN_SOURCE_DIR; }

std::filesystem::path programs() { return EDGETRAN_BIN_DIR; }

std::filesystem::path python() { return EDGETRAN_PYTHON; }

}  // namespace edgetran::places
