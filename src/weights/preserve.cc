#include "weights/preserve.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "weights/deepen.h"
#include "weights/graph_walk.h"

namespace edgetran::weights {
namespace {

using graph::Axis;
using graph::AxisId;
using graph::Graph;
using graph::kNone;
using graph::Node;
using graph::Op;
using graph::Parameter;
using graph::ParameterId;
using graph::ValueId;

int32_t layer_count(const Graph& graph) {
  int32_t count = 0;
  for (const Node& node : graph.nodes()) count = std::max(count, node.layer + 1);
  return count;
}

class Preserver {
 public:
  Preserver(const Graph& source, const Weights& source_weights, const Graph& target,
            AxisMatch& match, Weights& weights, std::vector<ParameterCoverage>& rows)
      : source_(source),
        source_weights_(source_weights),
        target_(target),
        match_(match),
        weights_(weights),
        rows_(rows) {
    for (const Axis& axis : source.axes()) source_axes_.insert(axis.name);
    source_layers_ = layer_count(source);
    target_layers_ = layer_count(target);
  }

  std::vector<std::string> run() {
    silence_new_features();
    silence_new_layers();
    deepened_ = deepen_stacks(source_, source_weights_, target_, match_, weights_);
    if (target_layers_ > source_layers_) move_last_norm();
    explain_losses();
    explain_axes();
    explain_new_parameters();
    return std::move(changes_);
  }

 private:
  void explain(std::string sentence) {
    if (std::find(changes_.begin(), changes_.end(), sentence) == changes_.end())
      changes_.push_back(std::move(sentence));
  }
  const Parameter& parameter(ParameterId id) const {
    return target_.parameters()[static_cast<size_t>(id)];
  }
  // The maps of a target parameter's axes from the source's parameter of the same name.
  std::vector<const AxisMap*> maps_of(const Parameter& target) {
    const ParameterId from = source_.find_parameter(target.name);
    if (from == kNone) return {};
    return match_.find(source_.parameters()[static_cast<size_t>(from)], target);
  }

  void silence_new_features();
  void silence_new_layers();
  void move_last_norm();
  void explain_losses();
  void explain_axes();
  void explain_axis(AxisId source, AxisId target);
  void explain_new_parameters();
  bool feeds_new_heads_only(ParameterId id) const;
  const Node* last_norm(int32_t layer) const;

  const Graph& source_;
  const Weights& source_weights_;
  const Graph& target_;
  AxisMatch& match_;
  Weights& weights_;
  std::vector<ParameterCoverage>& rows_;
  std::set<std::string_view> source_axes_;
  int32_t source_layers_ = 0, target_layers_ = 0;
  std::set<ParameterId> deepened_;  ///< hand on what the source's last map of a stack gave
  std::vector<std::string> changes_;
};

// A linear map's columns that read what the source has not: zero in the rows that it has.
void Preserver::silence_new_features() {
  for (const Node& node : target_.nodes()) {
    if (node.op != Op::kLinear) continue;
    const ParameterId id = parameter_of(target_, node.inputs[1]);
    // A tied table is what the residual stream starts from, too.
    if (id == kNone || parameter(id).role == graph::ParameterRole::kEmbedding) continue;
    const auto maps = maps_of(parameter(id));
    if (maps.empty()) continue;
    const std::vector<bool> rows = maps[0]->covered_targets();
    const std::vector<bool> columns = maps[1]->covered_targets();
    std::vector<float>& values = weights_.at(id).data;
    for (size_t row = 0; row < rows.size(); ++row)
      for (size_t column = 0; column < columns.size(); ++column)
        if (rows[row] && !columns[column]) values[row * columns.size() + column] = 0;
  }
}

// What a new layer adds to the residual stream before each of its norms: nothing.
void Preserver::silence_new_layers() {
  for (const Node& node : target_.nodes()) {
    if (node.op != Op::kLayerNorm || node.layer < source_layers_) continue;
    const Node* change = linear_before_norm(target_, node);
    if (change == nullptr) continue;
    for (size_t i = 1; i < change->inputs.size(); ++i)
      if (const ParameterId id = parameter_of(target_, change->inputs[i]); id != kNone)
        std::ranges::fill(weights_.at(id).data, 0.0F);
  }
}

const Node* Preserver::last_norm(int32_t layer) const {
  const Node* norm = nullptr;
  for (const Node& node : target_.nodes())
    if (node.op == Op::kLayerNorm && node.layer == layer) norm = &node;
  return norm;
}

// norm(norm(x)) is norm(x) without scale and shift: those of the source's last norm go to the end.
void Preserver::move_last_norm() {
  const Node* from = last_norm(source_layers_ - 1);
  const Node* to = last_norm(target_layers_ - 1);
  if (from == nullptr || to == nullptr) return;
  for (size_t i = 1; i <= 2; ++i) {
    const ParameterId old_id = parameter_of(target_, from->inputs[i]);
    const ParameterId new_id = parameter_of(target_, to->inputs[i]);
    if (parameter(old_id).shape != parameter(new_id).shape) {
      explain(fmt::format("layers {} to {} have a projection to another width before them",
                          source_layers_, target_layers_ - 1));
      return;
    }
    std::swap(weights_.at(new_id).data, weights_.at(old_id).data);
    const auto row_of = [&](ParameterId id) {
      return std::ranges::find(rows_, parameter(id).name, &ParameterCoverage::name);
    };
    std::swap(row_of(new_id)->matched, row_of(old_id)->matched);
  }
}

void Preserver::explain_losses() {
  for (const Parameter& from : source_.parameters()) {
    const ParameterId id = target_.find_parameter(from.name);
    if (id == kNone)
      explain(fmt::format("{} has no counterpart", from.name));
    else if (!deepened_.contains(id) && match_.find(from, parameter(id)).empty())
      explain(fmt::format("{} is {} in the target: a part of another kind", from.name,
                          shape_text(target_.dimensions(parameter(id)))));
  }
}

void Preserver::explain_axes() {
  for (const Parameter& from : source_.parameters()) {
    const ParameterId id = target_.find_parameter(from.name);
    if (id == kNone || match_.find(from, parameter(id)).empty()) continue;
    for (size_t i = 0; i < from.shape.size(); ++i) {
      explain_axis(from.shape[i], parameter(id).shape[i]);
      for (const graph::AxisPart& a : source_.axis(from.shape[i]).parts)
        for (const graph::AxisPart& b : target_.axis(parameter(id).shape[i]).parts)
          if (match_.find(a.blocks, b.blocks) != nullptr) explain_axis(a.width, b.width);
    }
  }
}

// Axes may grow where new indices are silenced: heads, stacks, and what is looked up by number.
void Preserver::explain_axis(AxisId source, AxisId target) {
  const Axis& from = source_.axis(source);
  const Axis& to = target_.axis(target);
  const AxisMap* map = match_.find(source, target);
  if (map == nullptr) return;
  if (map->shared() < from.size) {
    explain(fmt::format("{} shrinks: {} of {} are kept", from.name, map->shared(), from.size));
  } else if (to.size == from.size || !from.parts.empty()) {
    return;
  } else if (match_.target_kinds().residual.contains(target)) {
    explain(
        fmt::format("{} grows from {} to {}: layer norm takes its mean and deviation over all "
                    "of the residual stream",
                    to.name, from.size, to.size));
  } else if (match_.target_kinds().head_widths.contains(target)) {
    explain(
        fmt::format("{} grows from {} to {}: scores are divided by its root, and transforms "
                    "run over it",
                    to.name, from.size, to.size));
  }
}

// A parameter that only heads of new kinds read is as neutral as they are.
bool Preserver::feeds_new_heads_only(ParameterId id) const {
  const auto is_new = [&](AxisId axis) {
    return match_.target_kinds().heads.contains(axis) &&
           !source_axes_.contains(target_.axis(axis).name);
  };
  for (const Node& node : target_.nodes()) {
    const bool reads = std::ranges::any_of(
        node.inputs, [&](ValueId input) { return parameter_of(target_, input) == id; });
    if (!reads) continue;
    const bool into_new = std::ranges::any_of(target_.value(node.output).shape, [&](AxisId axis) {
      const auto& parts = target_.axis(axis).parts;
      return is_new(axis) ||
             (!parts.empty() && std::ranges::all_of(parts, is_new, &graph::AxisPart::blocks));
    });
    if (!into_new) return false;
  }
  return true;
}

void Preserver::explain_new_parameters() {
  std::set<ParameterId> in_new_layers;
  for (const Node& node : target_.nodes()) {
    if (node.layer < source_layers_) continue;
    for (const ValueId input : node.inputs)
      if (const ParameterId id = parameter_of(target_, input); id != kNone)
        in_new_layers.insert(id);
  }
  for (ParameterId id = 0; id < static_cast<ParameterId>(target_.parameters().size()); ++id) {
    if (source_.find_parameter(parameter(id).name) != kNone) continue;
    if (!in_new_layers.contains(id) && !deepened_.contains(id) && !feeds_new_heads_only(id))
      explain(fmt::format("{} is new", parameter(id).name));
  }
}

}  // namespace

std::vector<std::string> preserve_function(const Graph& source, const Weights& source_weights,
                                           const Graph& target, AxisMatch& match, Weights& weights,
                                           std::vector<ParameterCoverage>& rows) {
  return Preserver(source, source_weights, target, match, weights, rows).run();
}

}  // namespace edgetran::weights
