#pragma once

namespace edgetran::base {

/// Version of the programs; every record and file carries it.
inline constexpr const char* kVersion = EDGETRAN_VERSION;

}  // namespace edgetran::base
