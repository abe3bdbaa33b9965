#pragma once

#include <cstdint>

/// What comes over the wire may at worst end this process: no new privileges, no core files with
/// a user's model in them, few files, and at most `memory_bytes` of memory of its own (0: no
/// limit).
void confine(uint64_t memory_bytes);

/// Three quarters of the memory that this machine or this container has, so that a model that is
/// too large is an error of its client and not the end of its neighbours; 0 where it is not known,
/// and in builds with a sanitizer, whose shadow would count.
uint64_t default_memory_limit();
