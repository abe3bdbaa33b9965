#pragma once

#include <memory>

#include "profile/runtime.h"

namespace edgetran::profile::simulated {

/// A runtime whose runs take their time, power and heat by the law in the request
/// (profile/simulated_law.h), on a clock of its own: the same session code as on real boards,
/// faster than real time. Everything follows from the law's seed and the order of what is asked.
/// Its sensor and heat are there once the law is known: from power_recorders() or load() on. Inputs
/// are checked, outputs are not computed (kDevice).
std::unique_ptr<RuntimeFactory> make_factory();

}  // namespace edgetran::profile::simulated
