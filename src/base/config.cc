#include "base/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/config_document.h"
#include "base/files.h"
#include "base/numbers.h"
#include "base/source_text.h"
#include "base/text.h"

namespace edgetran::base {
namespace {

constexpr uint64_t kLargestDocument = uint64_t{64} << 20;

/// What every document must be before it is parsed.
Status check_document(std::string_view text, std::string_view name) {
  if (text.size() > kLargestDocument) {
    return fail(ErrorCategory::kUsage,
                fmt::format("{}: {} bytes are too many for a document; the limit is {}", name,
                            text.size(), kLargestDocument));
  }
  return check_utf8(text, name);
}

std::shared_ptr<ConfigDocument> make_document(std::string_view text, std::string name) {
  auto document = std::make_shared<ConfigDocument>();
  document->name = std::move(name);
  document->text = text;
  return document;
}

/// Cannot fail: a Json map has no duplicate keys, and the limits are those of documents as text.
void add_json(const Json& json, ConfigBuilder& builder) {
  Status status;
  if (json.is_object()) {
    status = builder.begin_map(0);
    for (const auto& [key, value] : json.items()) {
      status = builder.key(key, 0);
      add_json(value, builder);
    }
    status = builder.end();
  } else if (json.is_array()) {
    status = builder.begin_list(0);
    for (const Json& value : json) add_json(value, builder);
    status = builder.end();
  } else {
    status = builder.scalar(json, 0);
  }
  EDGETRAN_CHECK(status.has_value(), status.error().message);
}

/// A value as a message shows it.
std::string describe(const ConfigNode& node) {
  switch (node.kind) {
    case ConfigValue::Kind::kNull:
      return "nothing (null)";
    case ConfigValue::Kind::kBoolean:
      return node.scalar.get<bool>() ? "true" : "false";
    case ConfigValue::Kind::kInteger:
      return dump_json(node.scalar);
    case ConfigValue::Kind::kNumber:
      return shortest_decimal(node.scalar.get<double>());
    case ConfigValue::Kind::kString:
      return "the string " + in_quotes(node.scalar.get_ref<const std::string&>());
    case ConfigValue::Kind::kList:
      return "a list";
    case ConfigValue::Kind::kMap:
      return "a map";
  }
  return "";
}

/// " from 1 to 8", " of at least 1", or nothing.
std::string range_words(const std::string& low, bool has_low, const std::string& high,
                        bool has_high) {
  if (has_low && has_high) return fmt::format(" from {} to {}", low, high);
  if (has_low) return fmt::format(" of at least {}", low);
  return has_high ? fmt::format(" of at most {}", high) : "";
}

std::string integer_words(int64_t low, int64_t high) {
  return "an integer" + range_words(std::to_string(low), low != INT64_MIN, std::to_string(high),
                                    high != INT64_MAX);
}

std::string number_words(double low, double high) {
  return "a number" + range_words(shortest_decimal(low), std::isfinite(low), shortest_decimal(high),
                                  std::isfinite(high));
}

Json node_to_json(const ConfigDocument& document, const ConfigNode& node) {
  if (node.kind != ConfigValue::Kind::kList && node.kind != ConfigValue::Kind::kMap)
    return node.scalar;
  const bool is_map = node.kind == ConfigValue::Kind::kMap;
  Json json = is_map ? Json::object() : Json::array();
  for (int32_t i = node.first_child; i >= 0;) {
    const ConfigNode& child = document.nodes[static_cast<size_t>(i)];
    if (is_map) {
      json.get_ref<Json::object_t&>().emplace_back(child.key, node_to_json(document, child));
    } else {
      json.push_back(node_to_json(document, child));
    }
    i = child.next_sibling;
  }
  return json;
}

}  // namespace

Result<ConfigValue> ConfigValue::parse_yaml(std::string_view text, std::string name) {
  EDGETRAN_TRY(check_document(text, name));
  auto document = make_document(text, std::move(name));
  EDGETRAN_TRY(read_yaml(*document));
  ConfigValue value;
  value.document_ = std::move(document);
  return value.child(0);
}

Result<ConfigValue> ConfigValue::parse_json(std::string_view text, std::string name) {
  EDGETRAN_TRY(check_document(text, name));
  auto document = make_document(text, std::move(name));
  ConfigBuilder builder(*document);
  EDGETRAN_TRY(scan_json(document->text, document->name, builder));
  ConfigValue value;
  value.document_ = std::move(document);
  return value.child(0);
}

Result<ConfigValue> ConfigValue::read_file(const std::filesystem::path& path) {
  EDGETRAN_ASSIGN(const std::string text, base::read_file(path, kLargestDocument));
  return path.extension() == ".json" ? parse_json(text, path.string())
                                     : parse_yaml(text, path.string());
}

ConfigValue ConfigValue::from_json(const Json& json, std::string name) {
  auto document = make_document({}, std::move(name));
  document->has_positions = false;
  ConfigBuilder builder(*document);
  add_json(json, builder);
  ConfigValue value;
  value.document_ = std::move(document);
  return value.child(0);
}

ConfigValue ConfigValue::child(int32_t node) const {
  ConfigValue value;
  value.document_ = document_;
  value.node_ = node;
  return value;
}

const ConfigNode& ConfigValue::node() const {
  EDGETRAN_CHECK(document_ && node_ >= 0, "an empty ConfigValue was read");
  return document_->nodes[static_cast<size_t>(node_)];
}

ConfigValue::Kind ConfigValue::kind() const { return node().kind; }

SourceLocation ConfigValue::location() const {
  const ConfigNode& place = node();
  if (!document_->has_positions) return {document_->name, 0, 0};
  const SourcePosition position = locate(document_->text, place.offset);
  return {document_->name, position.line, position.column};
}

std::string ConfigValue::path() const {
  return node().parent < 0 ? "" : document_->path_of(node_, false);
}

Error ConfigValue::error(std::string_view message, std::string_view hint) const {
  EDGETRAN_CHECK(document_ && node_ >= 0, "an empty ConfigValue was read");
  return document_->error_at(node_, false, message, hint);
}

Error ConfigValue::type_error(std::string_view wanted) const {
  const ConfigNode& found = node();
  std::string_view hint;
  if (found.kind == Kind::kString && wanted == "true or false") hint = "write true or false";
  if (found.kind == Kind::kString && wanted.find("number") != wanted.npos)
    hint = "write it without quotes";
  if (found.kind < Kind::kString && found.kind != Kind::kNull && wanted == "a string")
    hint = "put it in quotes";
  const std::string name = path();
  return error(fmt::format("{}{}must be {}, not {}", printable(name), name.empty() ? "" : " ",
                           wanted, describe(found)),
               hint);
}

Result<bool> ConfigValue::as_boolean() const {
  if (kind() != Kind::kBoolean) return fail(type_error("true or false"));
  return node().scalar.get<bool>();
}

Result<int64_t> ConfigValue::as_integer(int64_t low, int64_t high) const {
  const Json& scalar = node().scalar;
  const bool fits = kind() == Kind::kInteger &&
                    (!scalar.is_number_unsigned() || scalar.get<uint64_t>() <= uint64_t{INT64_MAX});
  if (!fits || scalar.get<int64_t>() < low || scalar.get<int64_t>() > high)
    return fail(type_error(integer_words(low, high)));
  return scalar.get<int64_t>();
}

Result<double> ConfigValue::as_number(double low, double high) const {
  const bool is_number = kind() == Kind::kInteger || kind() == Kind::kNumber;
  const double value = is_number ? node().scalar.get<double>() : 0;
  if (!is_number || !std::isfinite(value) || value < low || value > high)
    return fail(type_error(number_words(low, high)));
  return value;
}

Result<std::string> ConfigValue::as_string() const {
  if (kind() != Kind::kString) return fail(type_error("a string"));
  return node().scalar.get<std::string>();
}

Result<std::string> ConfigValue::as_choice(const std::vector<std::string>& choices) const {
  const bool is_string = kind() == Kind::kString;
  const std::string value = is_string ? node().scalar.get<std::string>() : "";
  if (is_string && std::find(choices.begin(), choices.end(), value) != choices.end()) return value;
  Error wrong =
      type_error(choices.size() == 1 ? choices[0] : "one of " + join_words(choices, "or"));
  if (const auto nearest = nearest_name(value, choices))
    wrong.hint = fmt::format("did you mean {}?", in_quotes(*nearest));
  return fail(std::move(wrong));
}

Result<std::vector<ConfigValue>> ConfigValue::as_list() const {
  if (kind() != Kind::kList) return fail(type_error("a list"));
  std::vector<ConfigValue> values;
  values.reserve(static_cast<size_t>(node().child_count));
  for (int32_t i = node().first_child; i >= 0;
       i = document_->nodes[static_cast<size_t>(i)].next_sibling)
    values.push_back(child(i));
  return values;
}

Result<std::vector<int64_t>> ConfigValue::as_integers(int64_t low, int64_t high) const {
  EDGETRAN_ASSIGN(const std::vector<ConfigValue> values, as_list());
  std::vector<int64_t> integers;
  for (const ConfigValue& value : values) {
    EDGETRAN_ASSIGN(const int64_t integer, value.as_integer(low, high));
    integers.push_back(integer);
  }
  return integers;
}

Result<std::vector<std::string>> ConfigValue::as_strings() const {
  EDGETRAN_ASSIGN(const std::vector<ConfigValue> values, as_list());
  std::vector<std::string> strings;
  for (const ConfigValue& value : values) {
    EDGETRAN_ASSIGN(std::string string, value.as_string());
    strings.push_back(std::move(string));
  }
  return strings;
}

Json ConfigValue::to_json() const { return node_to_json(*document_, node()); }

}  // namespace edgetran::base
