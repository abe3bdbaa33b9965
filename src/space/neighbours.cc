#include "space/neighbours.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <string>
#include <utility>

namespace edgetran::space {
namespace {

/// The values just below and above `value` in an ascending list that holds it.
std::vector<int64_t> adjacent(const std::vector<int64_t>& values, int64_t value) {
  const auto it = std::ranges::find(values, value);
  std::vector<int64_t> found;
  if (it != values.begin()) found.push_back(*std::prev(it));
  if (std::next(it) != values.end()) found.push_back(*std::next(it));
  return found;
}

/// Collects edited copies of one member.
class Edits {
 public:
  Edits(const DesignSpace& space, const ModelSpec& spec) : space_(space), spec_(spec) {
    seen_.insert(canonical_hash(spec_));
  }

  std::vector<ModelSpec> all() {
    edit_position();
    edit_embedding();
    edit_depth();
    for (size_t i = 0; i < spec_.layers.size(); ++i) {
      edit_width(i);
      edit_head_types(i);
      edit_head_number(i);
      edit_stack_sizes(i);
      edit_stack_length(i);
    }
    return std::move(found_);
  }

 private:
  void add(ModelSpec spec) {
    if (space_.embeddings.empty()) spec.embedding = spec.layers.front().width;
    if (seen_.insert(canonical_hash(spec)).second) found_.push_back(std::move(spec));
  }

  void add_layer(size_t i, LayerSpec layer) {
    if (space_.head_widths.empty()) {
      layer.head_width = layer.width / static_cast<int64_t>(layer.heads.size());
    }
    ModelSpec spec = spec_;
    spec.layers[i] = std::move(layer);
    add(std::move(spec));
  }

  void edit_position() {
    for (const PositionKind kind : space_.position) {
      ModelSpec spec = spec_;
      spec.position = kind;
      add(std::move(spec));
    }
  }

  void edit_embedding() {
    if (space_.embeddings.empty()) return;
    for (const int64_t embedding : adjacent(space_.embeddings, spec_.embedding)) {
      ModelSpec spec = spec_;
      spec.embedding = embedding;
      add(std::move(spec));
    }
  }

  void edit_depth() {
    const auto depth = static_cast<int64_t>(spec_.layers.size());
    for (const int64_t wanted : adjacent(space_.layers, depth)) {
      if (wanted > depth) {
        repeat_a_layer(wanted - depth);
      } else {
        drop_repeated_layers(depth - wanted);
      }
    }
  }

  void repeat_a_layer(int64_t copies) {
    for (size_t i = 0; i < spec_.layers.size(); ++i) {
      ModelSpec spec = spec_;
      const auto after = spec.layers.begin() + static_cast<std::ptrdiff_t>(i) + 1;
      spec.layers.insert(after, static_cast<size_t>(copies), spec_.layers[i]);
      add(std::move(spec));
    }
  }

  /// Same layer, the order of heads apart.
  static bool same_design(LayerSpec a, LayerSpec b) {
    std::ranges::sort(a.heads);
    std::ranges::sort(b.heads);
    return a == b;
  }

  void drop_repeated_layers(int64_t copies) {
    const auto& layers = spec_.layers;
    const auto dropped = static_cast<size_t>(copies);
    for (size_t i = 0; i + dropped < layers.size(); ++i) {
      const auto repeats = [&](size_t k) { return same_design(layers[i], layers[i + k]); };
      size_t run = 0;
      while (run < dropped && repeats(run + 1)) ++run;
      if (run < dropped) continue;
      ModelSpec spec = spec_;
      const auto first = spec.layers.begin() + static_cast<std::ptrdiff_t>(i) + 1;
      spec.layers.erase(first, first + static_cast<std::ptrdiff_t>(dropped));
      add(std::move(spec));
    }
  }

  void edit_width(size_t i) {
    const LayerSpec& layer = spec_.layers[i];
    for (const int64_t width : adjacent(space_.widths, layer.width)) {
      LayerSpec edited = layer;
      edited.width = width;
      add_layer(i, std::move(edited));
    }
    if (space_.head_widths.empty()) return;
    for (const int64_t head_width : adjacent(space_.head_widths, layer.head_width)) {
      LayerSpec edited = layer;
      edited.head_width = head_width;
      add_layer(i, std::move(edited));
    }
  }

  void edit_head_types(size_t i) {
    const LayerSpec& layer = spec_.layers[i];
    const std::set<std::string> present(layer.heads.begin(), layer.heads.end());
    for (const std::string& old_type : present) {
      const auto last = std::find(layer.heads.rbegin(), layer.heads.rend(), old_type);
      const auto place = static_cast<size_t>(std::distance(last, layer.heads.rend()) - 1);
      for (const std::string& new_type : space_.head_types) {
        LayerSpec edited = layer;
        edited.heads[place] = new_type;
        add_layer(i, std::move(edited));
      }
    }
  }

  void edit_head_number(size_t i) {
    const auto number = static_cast<int64_t>(spec_.layers[i].heads.size());
    for (const int64_t wanted : adjacent(space_.heads, number)) {
      for (const std::string& type : space_.head_types) {
        LayerSpec edited = spec_.layers[i];
        if (wanted > number) {
          edited.heads.insert(edited.heads.end(), static_cast<size_t>(wanted - number), type);
        } else if (!drop_heads(edited.heads, type, number - wanted)) {
          continue;
        }
        add_layer(i, std::move(edited));
      }
    }
  }

  /// Takes the last `count` heads of `type` away; false where there are not so many.
  static bool drop_heads(std::vector<std::string>& heads, const std::string& type, int64_t count) {
    if (std::ranges::count(heads, type) < count) return false;
    for (int64_t k = 0; k < count; ++k) {
      const auto last = std::find(heads.rbegin(), heads.rend(), type);
      heads.erase(std::next(last).base());
    }
    return true;
  }

  void edit_stack_sizes(size_t i) {
    const LayerSpec& layer = spec_.layers[i];
    for (size_t j = 0; j < layer.feed_forward.size(); ++j) {
      for (const int64_t size : adjacent(space_.feed_forward_sizes, layer.feed_forward[j])) {
        LayerSpec edited = layer;
        edited.feed_forward[j] = size;
        add_layer(i, std::move(edited));
      }
    }
  }

  void edit_stack_length(size_t i) {
    const auto depth = static_cast<int64_t>(spec_.layers[i].feed_forward.size());
    for (const int64_t wanted : adjacent(space_.feed_forward_depths, depth)) {
      if (wanted > depth) {
        lengthen_stack(i, wanted - depth);
      } else {
        shorten_stack(i, depth - wanted);
      }
    }
  }

  void lengthen_stack(size_t i, int64_t count) {
    const LayerSpec& layer = spec_.layers[i];
    for (size_t j = 0; j <= layer.feed_forward.size(); ++j) {
      for (const int64_t size : space_.feed_forward_sizes) {
        LayerSpec edited = layer;
        const auto place = edited.feed_forward.begin() + static_cast<std::ptrdiff_t>(j);
        edited.feed_forward.insert(place, static_cast<size_t>(count), size);
        add_layer(i, std::move(edited));
      }
    }
  }

  void shorten_stack(size_t i, int64_t count) {
    const LayerSpec& layer = spec_.layers[i];
    const auto dropped = static_cast<size_t>(count);
    for (size_t j = 0; j + dropped <= layer.feed_forward.size(); ++j) {
      LayerSpec edited = layer;
      const auto first = edited.feed_forward.begin() + static_cast<std::ptrdiff_t>(j);
      const auto last = first + static_cast<std::ptrdiff_t>(dropped);
      if (!std::all_of(first, last, [&](int64_t size) { return size == *first; })) continue;
      edited.feed_forward.erase(first, last);
      add_layer(i, std::move(edited));
    }
  }

  const DesignSpace& space_;
  const ModelSpec& spec_;
  std::set<std::string> seen_;
  std::vector<ModelSpec> found_;
};

}  // namespace

base::Result<std::vector<ModelSpec>> one_edit_neighbours(const DesignSpace& space,
                                                         const ModelSpec& spec) {
  if (const auto reasons = space.explain(spec); !reasons.empty()) {
    return base::fail(base::ErrorCategory::kUsage,
                      "the spec is outside the space: " + reasons.front().message(),
                      "only members of a space have neighbours in it");
  }
  ModelSpec member = spec;
  if (member.embedding == 0) member.embedding = member.layers.front().width;
  return Edits(space, member).all();
}

}  // namespace edgetran::space
