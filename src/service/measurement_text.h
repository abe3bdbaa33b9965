#pragma once

#include <string>

#include "base/json.h"

namespace edgetran::service {

/// A record for people: latency, energy, power, memory with their intervals, then what to know of
/// them. `model` and `device` are the words by which they were asked for.
std::string measurement_text(const std::string& model, const std::string& device,
                             const base::Json& record);

}  // namespace edgetran::service
