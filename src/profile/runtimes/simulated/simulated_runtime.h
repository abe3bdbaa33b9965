#pragma once

#include <memory>

#include "profile/runtime.h"

namespace edgetran::profile::simulated {

/// A runtime whose runs take their time by the law in the request, on a clock of its own: the same
/// session code as on real boards, faster than real time. Run i takes mean_s * exp(noise_share *
/// z_i
/// - noise_share^2 / 2), whose mean is mean_s; z_i depends only on (law.seed, i). Inputs are
/// checked, outputs are not computed (kDevice).
std::unique_ptr<RuntimeFactory> make_factory();

}  // namespace edgetran::profile::simulated
