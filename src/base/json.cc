#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "base/json_scanner.h"
#include "base/numbers.h"
#include "base/source_text.h"
#include "base/text.h"

namespace edgetran::base {
namespace {

/// Builds a Json value from the parts of a document.
class TreeBuilder final : public DocumentHandler {
 public:
  TreeBuilder(std::string_view text, std::string_view name) : text_(text), name_(name) {}

  Status begin_map(size_t) override { return open(Json::object()); }
  Status begin_list(size_t) override { return open(Json::array()); }

  Status key(std::string name, size_t offset) override {
    if (!open_.back().keys.insert(name).second)
      return fail(
          source_error(text_, name_, offset, fmt::format("duplicate key {}", in_quotes(name))));
    open_.back().key = std::move(name);
    return {};
  }

  Status scalar(Json value, size_t) override {
    place(std::move(value));
    return {};
  }

  Status end() override {
    Json complete = std::move(open_.back().value);
    open_.pop_back();
    place(std::move(complete));
    return {};
  }

  Json take() { return std::move(root_); }

 private:
  struct Open {
    Json value;
    std::string key;
    std::unordered_set<std::string> keys;
  };

  Status open(Json empty) {
    open_.push_back({std::move(empty), {}, {}});
    return {};
  }

  void place(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (Json& parent = open_.back().value; parent.is_array()) {
      parent.push_back(std::move(value));
    } else {
      // Straight onto the underlying vector: the map's own insertion searches all keys each time.
      parent.get_ref<Json::object_t&>().emplace_back(std::move(open_.back().key), std::move(value));
    }
  }

  std::string_view text_, name_;
  std::vector<Open> open_;
  Json root_;
};

void append_canonical(const Json& value, std::string& out);

void append_canonical_map(const Json& value, std::string& out) {
  std::vector<std::pair<const std::string*, const Json*>> entries;
  for (const auto& [key, entry] : value.get_ref<const Json::object_t&>())
    entries.emplace_back(&key, &entry);
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return *a.first < *b.first; });
  out += '{';
  for (size_t i = 0; i < entries.size(); ++i) {
    const auto& [key, entry] = entries[i];
    if (i > 0) out += ',';
    out += dump_json(*key);
    out += ':';
    append_canonical(*entry, out);
  }
  out += '}';
}

void append_canonical_number(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += "null";  // as dump_json writes it
  } else {
    out += shortest_decimal(value == 0 ? 0.0 : value);  // minus zero is zero
  }
}

void append_canonical(const Json& value, std::string& out) {
  if (value.is_object()) {
    append_canonical_map(value, out);
  } else if (value.is_array()) {
    out += '[';
    for (size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ',';
      append_canonical(value[i], out);
    }
    out += ']';
  } else if (value.is_number_float()) {
    append_canonical_number(value.get<double>(), out);
  } else {
    out += dump_json(value);
  }
}

}  // namespace

Result<Json> parse_json(std::string_view text, std::string_view name) {
  EDGETRAN_TRY(check_utf8(text, name));
  TreeBuilder builder(text, name);
  EDGETRAN_TRY(scan_json(text, name, builder));
  return builder.take();
}

std::string dump_json(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string canonical_json(const Json& value) {
  std::string out;
  append_canonical(value, out);
  return out;
}

}  // namespace edgetran::base
