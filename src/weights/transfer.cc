#include "weights/transfer.h"

#include <map>
#include <string_view>

#include "weights/preserve.h"

namespace edgetran::weights {
namespace {

using graph::Graph;
using graph::Parameter;
using graph::ParameterId;

// By which way the source's tensor gets into the target's.
void take_over(const Parameter& parameter, const std::vector<const AxisMap*>& maps,
               const Tensor& source, Tensor& target) {
  if (maps.empty()) return;
  if (parameter.role == graph::ParameterRole::kNormWeight)
    transfer_scales(*maps[0], source.data, target.data);
  else
    transfer_tensor(maps, source.data, target.data);
}

}  // namespace

double Transferred::covered_share() const {
  int64_t target = 0, matched = 0;
  for (const ParameterCoverage& row : parameters) {
    target += row.target;
    matched += row.matched;
  }
  return target == 0 ? 0 : static_cast<double>(matched) / static_cast<double>(target);
}

Transferred transfer(const Graph& source, const Weights& weights, const Graph& target,
                     const TransferOptions& options) {
  EDGETRAN_CHECK(weights.size() == source.parameters().size(), "the weights are another graph's");
  Transferred result{
      .weights = initialize(target, base::RandomStream(options.seed, "transfer.fresh"),
                            Initialization::kTraining),
      .parameters = coverage(source, target),
      .function_changes = {}};
  AxisMatch match(
      source, target,
      {.mode = options.mode, .seed = options.seed, .grow_in_order = options.preserve_function},
      &weights);
  ParameterId id = 0;
  for (const Parameter& parameter : target.parameters()) {
    const ParameterId from = source.find_parameter(parameter.name);
    if (from != graph::kNone) {
      const auto maps = match.find(source.parameters()[static_cast<size_t>(from)], parameter);
      take_over(parameter, maps, weights.at(from), result.weights.at(id));
    }
    ++id;
  }
  if (options.preserve_function)
    result.function_changes =
        preserve_function(source, weights, target, match, result.weights, result.parameters);
  return result;
}

}  // namespace edgetran::weights
