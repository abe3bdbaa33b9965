#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/config.h"
#include "base/json.h"
#include "base/result.h"
#include "profile/sensor.h"

namespace edgetran::profile {

/// What is known of a trace's sensor, as files keep it.
base::Json sensor_json(const PowerTrace& trace);

/// Reads sensor_json into a trace; kUsage at the key that is wrong, missing or not known.
base::Status read_sensor_json(const base::ConfigValue& value, PowerTrace& trace);

/// A counter's value, the whole of `text`; nullopt where it is anything else.
std::optional<uint64_t> parse_sensor_ticks(std::string_view text);

}  // namespace edgetran::profile
