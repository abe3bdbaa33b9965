#pragma once

#include <string>

#include "profile/recording.h"

namespace edgetran::profile {

// Why a recording says nothing of energy, in words for the record.

/// A boundary was read, but no window has an energy: the sensors' faults ("9 STUCK"), or where
/// there are none, why the windows do not count.
std::string reason_without_window(const Recording& recording, const std::string& faults);

/// No boundary was read: a law without power, or no sensor, with what is known against one.
std::string reason_without_sensor(const Recording& recording);

}  // namespace edgetran::profile
