#include "space/spec_text.h"

#include <charconv>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "space/spec_reading.h"

namespace edgetran::space {
namespace {

void append(std::string& text, int64_t number) {
  char digits[24];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), number);
  text.append(digits, end.ptr);
}

void append(std::string& text, const std::vector<int64_t>& numbers) {
  text += '[';
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) text += ',';
    append(text, numbers[i]);
  }
  text += ']';
}

/// Names are lower-case words (is_head_type), so nothing in them needs escaping.
void append(std::string& text, const std::vector<std::string>& names) {
  text += '[';
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += ',';
    text += '"';
    text += names[i];
    text += '"';
  }
  text += ']';
}

template <class Value>
void member(std::string& text, std::string_view key, const Value& value) {
  text += text.back() == '{' ? "\"" : ",\"";
  text += key;
  text += "\":";
  append(text, value);
}

struct Name {
  std::string_view text;
};
void append(std::string& text, const Name& name) {
  text += '"';
  text += name.text;
  text += '"';
}

void append(std::string& text, const LayerSpec& layer, bool sorted_keys) {
  text += '{';
  if (sorted_keys) {
    member(text, "feed_forward", layer.feed_forward);
    member(text, "head_width", layer.head_width);
    member(text, "heads", layer.heads);
    member(text, "width", layer.width);
  } else {
    member(text, "width", layer.width);
    member(text, "head_width", layer.head_width);
    member(text, "heads", layer.heads);
    member(text, "feed_forward", layer.feed_forward);
  }
  text += '}';
}

void append_layers(std::string& text, const ModelSpec& spec, bool sorted_keys) {
  text += text.back() == '{' ? "\"layers\":[" : ",\"layers\":[";
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    if (i > 0) text += ',';
    append(text, spec.layers[i], sorted_keys);
  }
  text += ']';
}

int64_t embedding_of(const ModelSpec& spec) {
  EDGETRAN_CHECK(!spec.layers.empty(), "a spec has at least one layer");
  return spec.embedding > 0 ? spec.embedding : spec.layers.front().width;
}

}  // namespace

std::string model_spec_text(const ModelSpec& spec) {
  std::string text = "{";
  member(text, "vocabulary", spec.vocabulary);
  member(text, "positions", spec.positions);
  member(text, "position", Name{position_name(spec.position)});
  member(text, "embedding", embedding_of(spec));
  member(text, "types", spec.types);
  append_layers(text, spec, false);
  return text += '}';
}

std::string canonical_spec_text(const ModelSpec& spec) {
  std::string text = "{";
  member(text, "embedding", embedding_of(spec));
  append_layers(text, spec, true);
  member(text, "position", Name{position_name(spec.position)});
  member(text, "positions", spec.positions);
  member(text, "types", spec.types);
  member(text, "vocabulary", spec.vocabulary);
  return text += '}';
}

}  // namespace edgetran::space
