#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/config.h"
#include "base/config_document.h"
#include "base/text.h"

namespace edgetran::base {
namespace {

constexpr size_t kLongestName = 64;  // longer words are not misspelt names

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (optimal
/// string alignment).
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before_last(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string> nearest_name(std::string_view word,
                                        const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > kLongestName) return std::nullopt;
  const std::string wanted = lower(word);
  std::optional<std::string> nearest;
  size_t smallest = 0;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongestName) continue;
    const size_t distance = edit_distance(wanted, lower(candidate));
    // A third of the letters wrong is still the same word; more is a different one.
    if (distance > std::max<size_t>(1, std::max(word.size(), candidate.size()) / 3)) continue;
    if (!nearest || distance < smallest) {
      nearest = candidate;
      smallest = distance;
    }
  }
  return nearest;
}

Result<ConfigMap> ConfigMap::of(const ConfigValue& value) {
  if (value.kind() != ConfigValue::Kind::kMap) return fail(value.type_error("a map"));
  ConfigMap map;
  map.value_ = value;
  const auto& nodes = value.document_->nodes;
  for (int32_t i = value.node().first_child; i >= 0; i = nodes[static_cast<size_t>(i)].next_sibling)
    map.children_.emplace(nodes[static_cast<size_t>(i)].key, i);
  return map;
}

Result<ConfigValue> ConfigMap::require(const std::string& key) {
  asked_.insert(key);
  const auto found = children_.find(key);
  if (found != children_.end()) return value_.child(found->second);
  const std::string path = value_.path();
  // A key that nobody asked for so far may be the one that was meant: then its place helps.
  std::vector<std::string> others = keys();
  std::erase_if(others, [&](const std::string& other) { return asked_.contains(other); });
  if (const auto nearest = nearest_name(key, others)) {
    return fail(
        value_.document_->error_at(children_.at(*nearest), true,
                                   fmt::format("{}{}key {} is missing", printable(path),
                                               path.empty() ? "" : ": ", in_quotes(key)),
                                   fmt::format("is {} meant to be it?", in_quotes(*nearest))));
  }
  return fail(value_.error(fmt::format("{}{}key {} is missing", printable(path),
                                       path.empty() ? "" : ": ", in_quotes(key))));
}

std::optional<ConfigValue> ConfigMap::find(const std::string& key) {
  asked_.insert(key);
  const auto found = children_.find(key);
  if (found == children_.end()) return std::nullopt;
  ConfigValue value = value_.child(found->second);
  if (value.kind() == ConfigValue::Kind::kNull) return std::nullopt;
  return value;
}

std::vector<std::string> ConfigMap::keys() const {
  std::vector<std::string> keys;
  const auto& nodes = value_.document_->nodes;
  for (int32_t i = value_.node().first_child; i >= 0;
       i = nodes[static_cast<size_t>(i)].next_sibling)
    keys.push_back(nodes[static_cast<size_t>(i)].key);
  return keys;
}

Status ConfigMap::finish() const {
  for (const std::string& key : keys()) {
    if (asked_.contains(key)) continue;
    const std::vector<std::string> known(asked_.begin(), asked_.end());
    std::string hint = known.empty() ? "no key is known here" : "known: " + join_words(known);
    if (const auto nearest = nearest_name(key, known))
      hint = fmt::format("did you mean {}?", in_quotes(*nearest));
    return fail(value_.document_->error_at(children_.at(key), true,
                                           fmt::format("unknown key {}", in_quotes(key)), hint));
  }
  return {};
}

}  // namespace edgetran::base
