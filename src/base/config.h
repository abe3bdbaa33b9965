#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace edgetran::base {

/// Where a value stands in a document. line and column count from 1; 0 where not known.
struct SourceLocation {
  std::string name;  ///< file, or a word for the stream
  int line = 0;
  int column = 0;
};

struct ConfigDocument;
struct ConfigNode;

/// A value read from a YAML or JSON document that knows where it stands, so that every complaint
/// about it shows file:line:column, the source line and a caret. Cheap to copy; immutable.
class ConfigValue {
 public:
  enum class Kind { kNull, kBoolean, kInteger, kNumber, kString, kList, kMap };

  /// YAML 1.2 core subset: no tabs in indentation, no duplicate keys, no anchors, aliases or tags,
  /// one document, keys are scalars. Plain scalars are typed by the core schema (`no` is a string).
  /// Both parsers refuse bad UTF-8, nesting over 64 levels, 64 MiB and a million values.
  static Result<ConfigValue> parse_yaml(std::string_view text, std::string name);
  static Result<ConfigValue> parse_json(std::string_view text, std::string name);
  /// By extension: .json is JSON, everything else YAML. A missing file is kNotFound.
  static Result<ConfigValue> read_file(const std::filesystem::path& path);
  /// A value that came over the wire or was made by a program; positions are JSON pointers.
  static ConfigValue from_json(const Json& json, std::string name);

  Kind kind() const;
  SourceLocation location() const;
  /// "layers.3.width": keys and indices from the root.
  std::string path() const;

  Result<bool> as_boolean() const;
  Result<int64_t> as_integer(int64_t low = std::numeric_limits<int64_t>::min(),
                             int64_t high = std::numeric_limits<int64_t>::max()) const;
  /// Finite; integers are accepted.
  Result<double> as_number(double low = -std::numeric_limits<double>::infinity(),
                           double high = std::numeric_limits<double>::infinity()) const;
  Result<std::string> as_string() const;
  /// One of `choices`; the error names the nearest.
  Result<std::string> as_choice(const std::vector<std::string>& choices) const;
  Result<std::vector<ConfigValue>> as_list() const;
  /// Lists of scalars in one call.
  Result<std::vector<int64_t>> as_integers(int64_t low, int64_t high) const;
  Result<std::vector<std::string>> as_strings() const;

  Json to_json() const;

  /// A usage error at this value: "file:line:col: message", source line, caret.
  Error error(std::string_view message, std::string_view hint = {}) const;

 private:
  friend class ConfigMap;
  ConfigValue child(int32_t node) const;
  const ConfigNode& node() const;
  Error type_error(std::string_view wanted) const;
  std::shared_ptr<const ConfigDocument> document_;
  int32_t node_ = -1;
};

/// Strict reading of a map: every key must be asked for, finish() refuses the rest and names the
/// nearest known key.
class ConfigMap {
 public:
  static Result<ConfigMap> of(const ConfigValue& value);

  /// Missing: a usage error at the map that names the key.
  Result<ConfigValue> require(const std::string& key);
  /// nullopt where absent or null.
  std::optional<ConfigValue> find(const std::string& key);
  /// Keys present, in order.
  std::vector<std::string> keys() const;
  const ConfigValue& value() const { return value_; }
  Status finish() const;

 private:
  ConfigValue value_;
  std::unordered_map<std::string, int32_t> children_;  // key to node
  std::set<std::string> asked_;
};

/// The candidate nearest to `word` by edit distance, if near enough to be meant; else nullopt.
std::optional<std::string> nearest_name(std::string_view word,
                                        const std::vector<std::string>& candidates);

}  // namespace edgetran::base
