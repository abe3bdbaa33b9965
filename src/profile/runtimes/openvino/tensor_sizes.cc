#include "profile/runtimes/openvino/tensor_sizes.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <openvino/op/constant.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/result.hpp>
#include <unordered_set>

#include "base/units.h"
#include "profile/host.h"

namespace edgetran::profile::openvino {

namespace {

constexpr uint64_t kUnbounded = std::numeric_limits<uint64_t>::max();

uint64_t saturating_product(uint64_t a, uint64_t b) {
  return b != 0 && a > kUnbounded / b ? kUnbounded : a * b;
}
uint64_t saturating_sum(uint64_t a, uint64_t b) { return a > kUnbounded - b ? kUnbounded : a + b; }

/// Bytes of a node's largest output of a known shape; 0 where none is known.
uint64_t largest_output(const ov::Node& node) {
  uint64_t largest = 0;
  for (const auto& output : node.outputs()) {
    const ov::PartialShape& shape = output.get_partial_shape();
    if (shape.is_dynamic() || output.get_element_type().is_dynamic()) continue;
    uint64_t bytes = std::max<uint64_t>(1, output.get_element_type().bitwidth() / 8);
    for (const auto& size : shape) {
      bytes = saturating_product(bytes, static_cast<uint64_t>(size.get_length()));
    }
    largest = std::max(largest, bytes);
  }
  return largest;
}

base::Status refuse(const ov::Node& node, uint64_t bytes, uint64_t limit, const char* what) {
  return base::fail(
      base::ErrorCategory::kResource,
      fmt::format("the operator {} (node \"{}\") {} {}; {} can be used here", node.get_type_name(),
                  node.get_friendly_name(), what,
                  bytes == kUnbounded ? "more bytes than can be counted"
                                      : base::format_bytes(static_cast<double>(bytes)),
                  base::format_bytes(static_cast<double>(limit))),
      "use a smaller model, batch or length, or give the agent more memory");
}

}  // namespace

base::Status check_tensor_sizes(const ov::Model& model, uint64_t limit_bytes) {
  std::unordered_set<const ov::Node*> constants;
  uint64_t folded = 0;
  for (const auto& node : model.get_ordered_ops()) {
    const uint64_t bytes = largest_output(*node);
    if (bytes > limit_bytes) return refuse(*node, bytes, limit_bytes, "makes a tensor of");
    if (ov::is_type<ov::op::v0::Parameter>(node) || ov::is_type<ov::op::v0::Result>(node)) continue;
    const auto inputs = node->input_values();
    const bool folds = std::all_of(inputs.begin(), inputs.end(), [&](const auto& input) {
      return constants.contains(input.get_node());
    });
    if (!folds) continue;
    constants.insert(node.get());
    // What a constant holds came with the file.
    if (ov::is_type<ov::op::v0::Constant>(node)) continue;
    folded = saturating_sum(folded, bytes);
    if (folded > limit_bytes) {
      return refuse(*node, folded, limit_bytes, "and other operators on constants make");
    }
  }
  return {};
}

uint64_t usable_memory_bytes() {
  uint64_t bytes = kUnbounded;
  if (const auto host = read_host("/"); host && host->memory_bytes > 0) {
    bytes = static_cast<uint64_t>(host->memory_bytes);
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    bytes = std::min<uint64_t>(bytes, limit.rlim_cur);
  }
  return bytes;
}

}  // namespace edgetran::profile::openvino
