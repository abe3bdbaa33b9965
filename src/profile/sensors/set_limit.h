#pragma once

namespace edgetran::profile::sensors {

/// What is possible over a limit that can be set. A regulated board holds such a limit on average
/// of its own regulation's time. Figures a few per cent above it are seen at full load and are no
/// fault of the sensor; a quarter more is none that the regulation lets through for tens of
/// milliseconds.
inline constexpr double kAboveSetLimit = 1.25;

}  // namespace edgetran::profile::sensors
