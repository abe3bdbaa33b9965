#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "space/count.h"
#include "space/model_spec.h"

namespace edgetran::space {

/// Why a spec is not in a space: "layers.3.width: 300, allowed 128, 256, 512, 768".
struct Reason {
  std::string path;     ///< as in the spec's JSON
  std::string value;    ///< what the spec has there
  std::string allowed;  ///< what the space allows there
  std::string message() const { return path + ": " + value + ", allowed " + allowed; }
};

/// The values each decision about an encoder may take (`edgetran.space/1`); data, never code.
/// Lists are ascending and without repeats; head_types keeps the file's order. Layers decide
/// independently of each other. encoder.md, section 1.
struct DesignSpace {
  std::string name;
  std::vector<int64_t> layers;               ///< allowed depths
  std::vector<int64_t> widths;               ///< allowed widths of a layer
  std::vector<int64_t> heads;                ///< allowed numbers of heads of a layer
  std::vector<std::string> head_types;       ///< a layer's heads are any multiset of these
  std::vector<int64_t> head_widths;          ///< empty: derived, floor(width / heads)
  std::vector<int64_t> feed_forward_depths;  ///< allowed lengths of a feed-forward stack
  std::vector<int64_t> feed_forward_sizes;   ///< allowed sizes in a stack, order matters
  std::vector<PositionKind> position = {PositionKind::kAbsolute};
  std::vector<int64_t> embeddings;  ///< empty: derived, width of layer 0
  int64_t vocabulary = 30522;
  int64_t positions = 512;
  int64_t types = 2;
  bool operator==(const DesignSpace&) const = default;

  /// Number of designs, exactly: sum over depths l of (choices of a layer)^l, times the choices of
  /// position and embedding. Heads count as multisets, stacks as sequences.
  Count size() const;
  /// Choices of one layer.
  Count layer_choices() const;

  /// Every reason why `spec` is not a member; empty for a member. Head order does not matter.
  std::vector<Reason> explain(const ModelSpec& spec) const;
  bool contains(const ModelSpec& spec) const { return explain(spec).empty(); }
};

/// Number of multisets of `heads` heads of `types` types: C(heads + types - 1, heads).
/// Saturates at UINT64_MAX.
uint64_t head_multisets(int64_t heads, int64_t types);

/// Largest number of head multisets of one layer that a space may have, so that one random
/// number of 53 bits picks any of them.
inline constexpr uint64_t kMaxHeadMultisets = uint64_t{1} << 48;

/// Reads a space file's tree. Usage errors carry file:line:column and a caret: unknown key, empty
/// list, repeated value, size out of bounds, more heads than a width can hold.
base::Result<DesignSpace> read_design_space(const base::ConfigValue& value);
base::Result<DesignSpace> read_design_space_file(const std::filesystem::path& path);

/// The space as the JSON that read_design_space reads back to an equal space.
base::Json design_space_json(const DesignSpace& space);

}  // namespace edgetran::space
