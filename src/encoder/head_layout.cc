#include "encoder/head_layout.h"

#include <algorithm>
#include <map>
#include <utility>

#include "encoder/heads/registry.h"

namespace edgetran::encoder {

std::vector<int64_t> HeadLayout::execution(size_t group_count) const {
  std::vector<int64_t> result;
  for (size_t i = 0; i < group_count; ++i)
    result.insert(result.end(), groups[i].listed.begin(), groups[i].listed.end());
  return result;
}

base::Result<HeadLayout> arrange_heads(HeadRegistry registry,
                                       const std::vector<std::string>& heads) {
  std::map<std::pair<Uses, size_t>, HeadLayout::Group> ordered;
  for (size_t i = 0; i < heads.size(); ++i) {
    EDGETRAN_ASSIGN(const size_t place, find_head_type(registry, heads[i]));
    HeadLayout::Group& group = ordered[{registry[place]->uses, place}];
    group.type = registry[place];
    group.listed.push_back(static_cast<int64_t>(i));
  }
  HeadLayout layout;
  for (auto& [key, group] : ordered) {
    if (key.first == Uses::kQueryKeyValue) ++layout.query_groups;
    layout.groups.push_back(std::move(group));
  }
  return layout;
}

std::vector<graph::FileTensor::Block> listed_blocks(const std::vector<int64_t>& execution,
                                                    int64_t width) {
  std::vector<int64_t> filed = execution;
  std::sort(filed.begin(), filed.end());
  std::vector<graph::FileTensor::Block> blocks;
  for (size_t i = 0; i < execution.size(); ++i) {
    const auto place = std::lower_bound(filed.begin(), filed.end(), execution[i]) - filed.begin();
    const graph::FileTensor::Block block{place * width, static_cast<int64_t>(i) * width, width};
    if (!blocks.empty() && blocks.back().file_begin + blocks.back().count == block.file_begin)
      blocks.back().count += width;
    else
      blocks.push_back(block);
  }
  return blocks;
}

}  // namespace edgetran::encoder
