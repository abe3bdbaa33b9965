#pragma once

#include "search/method.h"

namespace edgetran::search {

inline space::DesignSpace small_space() {
  space::DesignSpace space;
  space.layers = {1, 2};
  space.widths = {64, 128, 256};
  space.heads = {2, 4};
  space.head_types = {"sa_sdp"};
  space.feed_forward_depths = {1, 2};
  space.feed_forward_sizes = {128, 256, 512};
  return space;
}

inline MethodInput input(uint64_t seed = 1) {
  return {.space = small_space(),
          .devices = {"one_thread", "two_threads"},
          .problem = {.objectives = {{"accuracy", "", Goal::kMaximize},
                                     {"latency_s", "s", Goal::kMinimize}},
                      .constraints = {}},
          .seed = seed};
}

}  // namespace edgetran::search
