#include "base/config_document.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/source_text.h"
#include "base/text.h"

namespace edgetran::base {
namespace {

constexpr size_t kMostValues = 1'000'000;  // a node takes about 120 bytes

ConfigValue::Kind kind_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::boolean:
      return ConfigValue::Kind::kBoolean;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return ConfigValue::Kind::kInteger;
    case Json::value_t::number_float:
      return ConfigValue::Kind::kNumber;
    case Json::value_t::string:
      return ConfigValue::Kind::kString;
    default:
      return ConfigValue::Kind::kNull;
  }
}

/// A key as a part of a JSON pointer.
std::string escaped(const std::string& key) {
  std::string out;
  for (char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string ConfigDocument::path_of(int32_t node, bool pointer) const {
  std::vector<std::string> parts;
  for (int32_t i = node; nodes[static_cast<size_t>(i)].parent >= 0;) {
    const ConfigNode& child = nodes[static_cast<size_t>(i)];
    i = child.parent;
    const bool in_list = nodes[static_cast<size_t>(i)].kind == ConfigValue::Kind::kList;
    parts.push_back(in_list ? std::to_string(child.index)
                            : (pointer ? escaped(child.key) : child.key));
  }
  std::reverse(parts.begin(), parts.end());
  std::string path;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (pointer || i > 0) path += pointer ? '/' : '.';
    path += parts[i];
  }
  return path;
}

Error ConfigDocument::error_at(int32_t node, bool at_key, std::string_view message,
                               std::string_view hint) const {
  const ConfigNode& place = nodes[static_cast<size_t>(node)];
  if (has_positions)
    return source_error(text, name, at_key ? place.key_offset : place.offset, message, hint);
  const std::string pointer = path_of(node, true);
  return {ErrorCategory::kUsage,
          fmt::format("{}: {}{}{}", name, printable(pointer), pointer.empty() ? "" : ": ", message),
          std::string(hint)};
}

Status ConfigBuilder::begin_map(size_t offset) { return open(ConfigValue::Kind::kMap, offset); }

Status ConfigBuilder::begin_list(size_t offset) { return open(ConfigValue::Kind::kList, offset); }

Status ConfigBuilder::key(std::string name, size_t offset) {
  Open& map = open_.back();
  const auto [first, is_new] = map.keys.emplace(name, offset);
  if (!is_new) {
    return wrong(offset, fmt::format("duplicate key {} (first in line {})", in_quotes(name),
                                     locate(document_.text, first->second).line));
  }
  map.has_key = true;
  map.key = std::move(name);
  map.key_offset = offset;
  return {};
}

Status ConfigBuilder::scalar(Json value, size_t offset) {
  const ConfigValue::Kind kind = kind_of(value);
  EDGETRAN_TRY(add(kind, std::move(value), offset));
  return {};
}

Status ConfigBuilder::end() {
  open_.pop_back();
  return {};
}

bool ConfigBuilder::expects_key() const {
  return !open_.empty() && !open_.back().has_key &&
         document_.nodes[static_cast<size_t>(open_.back().node)].kind == ConfigValue::Kind::kMap;
}

std::optional<size_t> ConfigBuilder::pending_key_offset() const {
  if (open_.empty() || !open_.back().has_key) return std::nullopt;
  return open_.back().key_offset;
}

Status ConfigBuilder::open(ConfigValue::Kind kind, size_t offset) {
  if (document_.has_positions && open_.size() >= static_cast<size_t>(kMaxNesting))
    return wrong(offset, fmt::format("nested deeper than {} levels", kMaxNesting));
  EDGETRAN_ASSIGN(const int32_t node, add(kind, nullptr, offset));
  open_.emplace_back().node = node;
  return {};
}

Result<int32_t> ConfigBuilder::add(ConfigValue::Kind kind, Json value, size_t offset) {
  if (document_.has_positions && document_.nodes.size() >= kMostValues)
    return wrong(offset, fmt::format("more than {} values in one document", kMostValues));
  const auto id = static_cast<int32_t>(document_.nodes.size());
  ConfigNode node;
  node.kind = kind;
  node.scalar = std::move(value);
  node.offset = offset;
  if (!open_.empty()) {
    Open& top = open_.back();
    ConfigNode& parent = document_.nodes[static_cast<size_t>(top.node)];
    node.parent = top.node;
    node.index = parent.child_count++;
    if (top.has_key) {
      node.key = std::move(top.key);
      node.key_offset = top.key_offset;
      top.has_key = false;
    }
    int32_t& link = top.last_child < 0
                        ? parent.first_child
                        : document_.nodes[static_cast<size_t>(top.last_child)].next_sibling;
    link = id;
    top.last_child = id;
  }
  document_.nodes.push_back(std::move(node));
  return id;
}

tl::unexpected<Error> ConfigBuilder::wrong(size_t offset, std::string_view message) const {
  return fail(source_error(document_.text, document_.name, offset, message));
}

}  // namespace edgetran::base
