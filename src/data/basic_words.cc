#include "data/basic_words.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "data/characters.h"

namespace edgetran::data {
namespace {

enum class Ascii : uint8_t { kWord, kSpace, kPunctuation, kDropped };

// One look-up instead of four questions: most text is ASCII.
const std::array<Ascii, 128>& ascii_classes() {
  static const std::array<Ascii, 128> kClasses = [] {
    std::array<Ascii, 128> classes{};
    for (char32_t c = 0; c < 128; ++c)
      classes[c] = is_dropped(c)       ? Ascii::kDropped
                   : is_space(c)       ? Ascii::kSpace
                   : is_punctuation(c) ? Ascii::kPunctuation
                                       : Ascii::kWord;
    return classes;
  }();
  return kClasses;
}

constexpr int kLongestDecomposition = 32;  // canonical ones have at most 4 characters

}  // namespace

void BasicWords::split(std::string_view text, WordSink& sink) {
  const auto& classes = ascii_classes();
  size_t position = 0;
  while (position < text.size()) {
    const auto byte = static_cast<uint8_t>(text[position]);
    if (byte >= 0x80) {
      add_character(decode_utf8(text, position), sink);
      continue;
    }
    ++position;
    const Ascii kind = classes[byte];
    if (kind == Ascii::kDropped) continue;
    if (!marks_.empty()) flush_marks(sink);
    if (kind == Ascii::kWord) {
      const bool upper = settings_.lower_case && byte >= 'A' && byte <= 'Z';
      word_.push_back(static_cast<char>(upper ? byte + ('a' - 'A') : byte));
      ++characters_;
      continue;
    }
    flush_word(sink);
    if (kind == Ascii::kPunctuation) sink.word(text.substr(position - 1, 1), 1);
  }
  flush_marks(sink);
  flush_word(sink);
}

void BasicWords::add_character(char32_t character, WordSink& sink) {
  if (is_dropped(character)) return;
  if (is_space(character)) {
    flush_marks(sink);
    flush_word(sink);
    return;
  }
  const bool apart = is_ideograph(character);
  if (apart) {
    flush_marks(sink);
    flush_word(sink);
  }
  if (settings_.strip_accents)
    decompose(character, sink);
  else
    normalised(character, sink);
  if (apart) {
    flush_marks(sink);
    flush_word(sink);
  }
}

void BasicWords::decompose(char32_t character, WordSink& sink) {
  std::array<utf8proc_int32_t, kLongestDecomposition> parts{};
  parts[0] = static_cast<utf8proc_int32_t>(character);
  utf8proc_ssize_t count = 1;
  if (may_decompose(character)) {
    int boundary = 0;
    count = utf8proc_decompose_char(parts[0], parts.data(), kLongestDecomposition,
                                    UTF8PROC_DECOMPOSE, &boundary);
    if (count < 1 || count > kLongestDecomposition) {
      parts[0] = static_cast<utf8proc_int32_t>(character);
      count = 1;
    }
  }
  for (utf8proc_ssize_t i = 0; i < count; ++i) {
    const auto part = parts[static_cast<size_t>(i)];
    const int combining_class = utf8proc_get_property(part)->combining_class;
    if (combining_class == 0) {
      flush_marks(sink);
      if (!is_accent(static_cast<char32_t>(part))) normalised(static_cast<char32_t>(part), sink);
    } else {
      marks_.push_back({static_cast<char32_t>(part), combining_class});
    }
  }
}

// Combining characters come in the order of their classes; most are accents and vanish here.
void BasicWords::flush_marks(WordSink& sink) {
  if (marks_.empty()) return;
  std::stable_sort(marks_.begin(), marks_.end(), [](const Mark& a, const Mark& b) {
    return a.combining_class < b.combining_class;
  });
  for (const Mark& mark : marks_)
    if (!is_accent(mark.character)) normalised(mark.character, sink);
  marks_.clear();
}

void BasicWords::normalised(char32_t character, WordSink& sink) {
  if (!settings_.lower_case) return emit(character, sink);
  constexpr char32_t kCapitalIWithDot = 0x130;  // the one character whose lower case is two
  if (character == kCapitalIWithDot) {
    emit(U'i', sink);
    return emit(0x307, sink);
  }
  emit(static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(character))), sink);
}

void BasicWords::emit(char32_t character, WordSink& sink) {
  const bool punctuation = is_punctuation(character);
  if (punctuation || is_space(character)) flush_word(sink);
  if (is_space(character)) return;
  append_utf8(word_, character);
  ++characters_;
  if (punctuation) flush_word(sink);
}

void BasicWords::flush_word(WordSink& sink) {
  if (word_.empty()) return;
  sink.word(word_, characters_);
  word_.clear();
  characters_ = 0;
}

}  // namespace edgetran::data
