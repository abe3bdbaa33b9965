#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "encoder/head_type.h"
#include "graph/graph.h"

namespace edgetran::encoder {

/// The heads of a layer in order of execution: grouped by type, types that use queries and keys
/// first, then by their order in the registry; heads of one type keep their listed order.
struct HeadLayout {
  struct Group {
    const HeadType* type = nullptr;
    std::vector<int64_t> listed;  ///< places in the layer's list
  };
  std::vector<Group> groups;
  /// Groups 0 .. query_groups - 1 use queries and keys.
  size_t query_groups = 0;

  /// Places in the layer's list of the first `group_count` groups' heads, in order of execution.
  std::vector<int64_t> execution(size_t group_count) const;
};

/// Errors: an unknown head type (find_head_type).
base::Result<HeadLayout> arrange_heads(HeadRegistry registry,
                                       const std::vector<std::string>& heads);

/// How a tensor filed head by head in listed order maps onto one stored in order of execution:
/// `execution` has the listed place of each stored head; of the places, only their order counts
/// (queries and keys leave out the heads that have none). Heads are `width` indices each, and
/// neighbours that stay neighbours are one block.
std::vector<graph::FileTensor::Block> listed_blocks(const std::vector<int64_t>& execution,
                                                    int64_t width);

}  // namespace edgetran::encoder
