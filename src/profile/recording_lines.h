#pragma once

namespace edgetran::profile {

// What writing and reading of the raw file share.

inline constexpr const char* kRecordingFormat = "edgetran.samples/2";

}  // namespace edgetran::profile
