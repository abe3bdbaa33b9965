// The tensors of head values in the layout that an operator wants.
#include "base/result.h"
#include "onnx/translator.h"

namespace edgetran::onnx {

using graph::Node;
using graph::ValueId;

namespace {

const std::vector<int64_t> kSwapLengthAndHeads{0, 2, 1, 3};
const std::vector<int64_t> kSwapLengthAndFeatures{0, 2, 1};

}  // namespace

int64_t Translator::heads_of(ValueId value) const {
  return graph_.axis(graph_.value(value).shape[1]).size;
}

int64_t Translator::width_of(ValueId value) const {
  return graph_.axis(graph_.value(value).shape[3]).size;
}

bool Translator::has_layout(ValueId value, Layout layout) const {
  return !layouts_[static_cast<size_t>(value)][static_cast<size_t>(layout)].empty();
}

void Translator::set_layout(ValueId value, Layout layout, std::string tensor) {
  layouts_[static_cast<size_t>(value)][static_cast<size_t>(layout)] = std::move(tensor);
}

// One step between neighbours.
std::string Translator::converted(ValueId value, Layout from, Layout to) {
  const std::string& tensor = in_layout(value, from);
  if (to == Layout::kHeadRows && from == Layout::kRows)
    return writer_.node(
        "Reshape", {tensor, writer_.integers({0, 0, heads_of(value), width_of(value)})}, "split");
  if (to == Layout::kRows && from == Layout::kHeadRows)
    return writer_.node("Reshape",
                        {tensor, writer_.integers({0, 0, heads_of(value) * width_of(value)})},
                        "features");
  if (to == Layout::kHeads)
    return writer_.node("Transpose", {tensor}, "heads", {{"perm", kSwapLengthAndHeads}});
  if (to == Layout::kHeadRows)
    return writer_.node("Transpose", {tensor}, "rows", {{"perm", kSwapLengthAndHeads}});
  return writer_.node("Transpose", {tensor}, to == Layout::kRows ? "rows" : "channels",
                      {{"perm", kSwapLengthAndFeatures}});
}

// Layouts are in the order of the chain heads - head rows - rows - channels.
const std::string& Translator::in_layout(ValueId value, Layout layout) {
  const auto id = static_cast<size_t>(value);
  const auto wanted = static_cast<size_t>(layout);
  if (!layouts_[id][wanted].empty()) return layouts_[id][wanted];
  if (layouts_[id][static_cast<size_t>(Layout::kHeads)].empty() && !names_[id].empty())
    set_layout(value, Layout::kHeads, names_[id]);
  size_t nearest = kLayouts;
  for (size_t distance = 1; distance < kLayouts && nearest == kLayouts; ++distance) {
    if (wanted >= distance && !layouts_[id][wanted - distance].empty()) nearest = wanted - distance;
    if (wanted + distance < kLayouts && !layouts_[id][wanted + distance].empty())
      nearest = wanted + distance;
  }
  EDGETRAN_CHECK(nearest < kLayouts, "the value is read before it is made");
  while (nearest != wanted) {
    const size_t next = nearest < wanted ? nearest + 1 : nearest - 1;
    std::string tensor = converted(value, static_cast<Layout>(nearest), static_cast<Layout>(next));
    layouts_[id][next] = std::move(tensor);
    nearest = next;
  }
  return layouts_[id][wanted];
}

// The rows of one group; a layer whose heads are all of one type has no other.
void Translator::split_heads(const Node& node) {
  const graph::Axis& features = graph_.axis(graph_.value(node.inputs[0]).shape[2]);
  const auto part = static_cast<size_t>(node.attributes.part);
  int64_t begin = 0;
  const auto size_of = [&](const graph::AxisPart& p) {
    return graph_.axis(p.blocks).size * graph_.axis(p.width).size;
  };
  for (size_t i = 0; i < part; ++i) begin += size_of(features.parts[i]);
  std::string rows = name_of(node.inputs[0]);
  if (features.parts.size() > 1)
    rows = writer_.node(
        "Slice",
        {rows, writer_.integers({begin}), writer_.integers({begin + size_of(features.parts[part])}),
         writer_.integers({2})},
        "group");
  set_layout(node.output, Layout::kRows, std::move(rows));
}

std::string Translator::merge_heads(const Node& node) {
  std::vector<std::string> groups;
  groups.reserve(node.inputs.size());
  for (const ValueId input : node.inputs) groups.push_back(in_layout(input, Layout::kRows));
  if (groups.size() == 1) return groups.front();
  return writer_.node("Concat", groups, "merged", {{"axis", int64_t{2}}});
}

}  // namespace edgetran::onnx
