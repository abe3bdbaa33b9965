#include "data/gpt2_words.h"

#include <array>
#include <cstdint>

#include "data/characters.h"

namespace edgetran::data {
namespace {

enum class Class : uint8_t { kLetter, kNumber, kSpace, kOther };

constexpr std::array<Class, 128> kAscii = [] {
  std::array<Class, 128> classes{};
  for (uint32_t c = 0; c < 128; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool space = c == ' ' || (c >= '\t' && c <= '\r');
    classes[c] = letter                 ? Class::kLetter
                 : c >= '0' && c <= '9' ? Class::kNumber
                 : space                ? Class::kSpace
                                        : Class::kOther;
  }
  return classes;
}();

Class class_of(char32_t character) {
  if (is_letter(character)) return Class::kLetter;
  if (is_number(character)) return Class::kNumber;
  return is_space(character) ? Class::kSpace : Class::kOther;
}

// The class of the character at `at`, which is moved past it.
Class take(std::string_view text, size_t& at) {
  const auto byte = static_cast<uint8_t>(text[at]);
  if (byte < 0x80) {
    ++at;
    return kAscii[byte];
  }
  return class_of(decode_utf8(text, at));
}

// Length of the contraction that `text` starts with, 0 if none.
size_t contraction(std::string_view text) {
  for (const std::string_view each : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"})
    if (text.starts_with(each)) return each.size();
  return 0;
}

// End of the run of characters of `wanted` that starts at `at`.
size_t run_end(std::string_view text, size_t at, Class wanted) {
  while (at < text.size()) {
    size_t next = at;
    if (take(text, next) != wanted) break;
    at = next;
  }
  return at;
}

// White space up to the last one, which goes with the word that follows (or alone).
size_t space_end(std::string_view text, size_t start) {
  size_t last = start;  // where the run's last character starts
  size_t at = start;
  while (at < text.size()) {
    size_t next = at;
    if (take(text, next) != Class::kSpace) break;
    last = at;
    at = next;
  }
  return at == text.size() || last == start ? at : last;
}

size_t word_end(std::string_view text, size_t start) {
  if (text[start] == '\'')
    if (const size_t length = contraction(text.substr(start)); length > 0) return start + length;
  const size_t body = start + (text[start] == ' ' ? 1 : 0);
  if (body == text.size()) return body;
  size_t next = body;
  const Class kind = take(text, next);
  return kind == Class::kSpace ? space_end(text, start) : run_end(text, next, kind);
}

}  // namespace

void split_gpt2(std::string_view text, WordSink& sink) {
  for (size_t start = 0; start < text.size();) {
    const size_t end = word_end(text, start);
    sink.word(text.substr(start, end - start), 0);
    start = end;
  }
}

}  // namespace edgetran::data
