#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/config.h"
#include "base/json_scanner.h"

namespace edgetran::base {

/// A value of a document. Children form a list through next_sibling.
struct ConfigNode {
  ConfigValue::Kind kind = ConfigValue::Kind::kNull;
  Json scalar;            ///< kNull to kString
  std::string key;        ///< of a map's child
  size_t offset = 0;      ///< byte where the value starts
  size_t key_offset = 0;  ///< byte where its key starts (maps' children)
  int32_t parent = -1;
  int32_t first_child = -1;
  int32_t next_sibling = -1;
  int32_t child_count = 0;
  int32_t index = 0;  ///< among the parent's children
};

/// A parsed document; node 0 is the root. Internal to base.
struct ConfigDocument {
  std::string name;
  std::string text;           ///< source, for messages; empty where positions are not known
  bool has_positions = true;  ///< false: made from a Json value
  std::vector<ConfigNode> nodes;

  /// "layers.3.width"; with `pointer`, "/layers/3/width" by RFC 6901.
  std::string path_of(int32_t node, bool pointer) const;
  /// An error at a value, or at its key.
  Error error_at(int32_t node, bool at_key, std::string_view message, std::string_view hint) const;
};

/// Fills a document from its parts; refuses duplicate keys. From text it also refuses deep nesting
/// and too many values; a document without positions is as large as the value it is made from.
class ConfigBuilder final : public DocumentHandler {
 public:
  explicit ConfigBuilder(ConfigDocument& document) : document_(document) {}
  Status begin_map(size_t offset) override;
  Status begin_list(size_t offset) override;
  Status key(std::string name, size_t offset) override;
  Status scalar(Json value, size_t offset) override;
  Status end() override;

  /// Whether the next part must be a key (or the end of the map).
  bool expects_key() const;
  /// Byte where the pending key starts; nullopt inside a list.
  std::optional<size_t> pending_key_offset() const;

 private:
  struct Open {
    int32_t node = -1;
    int32_t last_child = -1;
    bool has_key = false;
    std::string key;
    size_t key_offset = 0;
    std::unordered_map<std::string, size_t> keys;  // to the offset of the first use
  };
  Status open(ConfigValue::Kind kind, size_t offset);
  Result<int32_t> add(ConfigValue::Kind kind, Json value, size_t offset);
  tl::unexpected<Error> wrong(size_t offset, std::string_view message) const;

  ConfigDocument& document_;
  std::vector<Open> open_;
};

/// Reads YAML text into `document`, whose name and text are set. Internal to base.
Status read_yaml(ConfigDocument& document);

}  // namespace edgetran::base
