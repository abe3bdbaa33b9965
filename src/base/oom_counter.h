#pragma once

#include <cstdint>

namespace edgetran::base {

/// Number of out-of-memory kills that concern this process: those of its control group, or of the
/// whole machine where the group does not tell. Only a change between two readings means anything.
uint64_t oom_kill_count();

}  // namespace edgetran::base
