#include "data/characters.h"

#include <utf8proc.h>

#include <algorithm>
#include <iterator>

namespace edgetran::data {
namespace {

struct Range {
  char32_t first, last;
};

// Characters newer than Unicode 8, by the class that utf8proc gives them now and the models do not
// know. Found by comparing every code point with tokenizers 0.23.3; the ranges also span code
// points of other classes, which is harmless.
constexpr Range kNewMarks[] = {
    {0x7FD, 0x7FD},     {0x898, 0x8E1},     {0x9FE, 0x9FE},     {0xAFA, 0xAFF},
    {0xB55, 0xB55},     {0xC04, 0xC3C},     {0xD00, 0xD00},     {0xD3B, 0xD3C},
    {0xD81, 0xD81},     {0xEBA, 0xEBA},     {0xECE, 0xECE},     {0x180F, 0x1886},
    {0x1ABF, 0x1ACE},   {0x1DF6, 0x1DFB},   {0xA82C, 0xA82C},   {0xA8C5, 0xA8C5},
    {0xA8FF, 0xA8FF},   {0xA9BD, 0xA9BD},   {0x10D24, 0x10F85}, {0x11070, 0x11074},
    {0x110C2, 0x110C2}, {0x111C9, 0x111C9}, {0x111CF, 0x111CF}, {0x1123E, 0x11241},
    {0x1133B, 0x1133B}, {0x11438, 0x1145E}, {0x1182F, 0x13455}, {0x16F4F, 0x16F4F},
    {0x16FE4, 0x16FE4}, {0x1CF00, 0x1CF46}, {0x1E000, 0x1E4EF}, {0x1E944, 0x1E94A}};
constexpr Range kNewPunctuation[] = {{0x61D, 0x61D},     {0x9FD, 0xA76},     {0xC77, 0xC84},
                                     {0x1B7D, 0x1B7E},   {0x2E43, 0x2E5D},   {0x10EAD, 0x10F89},
                                     {0x1144B, 0x1145D}, {0x11660, 0x116B9}, {0x1183B, 0x11FFF},
                                     {0x12FF1, 0x12FF2}, {0x16E97, 0x16FE2}, {0x1E95E, 0x1E95F}};
constexpr Range kNewFormats[] = {{0x890, 0x8E2}, {0x110CD, 0x1343F}};
constexpr Range kIdeographs[] = {{0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},
                                 {0x20000, 0x2A6DF}, {0x2A700, 0x2B81F}, {0x2B920, 0x2CEAF},
                                 {0x2F800, 0x2FA1F}};
// Letters and numbers of Unicode 15.1 and 16, which the pattern of tokenizers 0.23.3 knows and
// utf8proc 2.8 does not; looked at only where it gives no class.
constexpr Range kNewLetters[] = {
    {0x1C89, 0x1C8A},   {0xA7CB, 0xA7CD},   {0xA7DA, 0xA7DC},   {0x105C0, 0x105F3},
    {0x10D4A, 0x10D65}, {0x10D6F, 0x10D85}, {0x10EC2, 0x10EC4}, {0x11380, 0x11389},
    {0x1138B, 0x1138B}, {0x1138E, 0x1138E}, {0x11390, 0x113B5}, {0x113B7, 0x113B7},
    {0x113D1, 0x113D1}, {0x113D3, 0x113D3}, {0x11BC0, 0x11BE0}, {0x13460, 0x143FA},
    {0x16100, 0x1611D}, {0x16D40, 0x16D6C}, {0x18CFF, 0x18CFF}, {0x1E5D0, 0x1E5ED},
    {0x1E5F0, 0x1E5F0}, {0x2EBF0, 0x2EE5D}};
constexpr Range kNewNumbers[] = {{0x10D40, 0x10D49}, {0x116D0, 0x116E3}, {0x11BF0, 0x11BF9},
                                 {0x16130, 0x16139}, {0x16D70, 0x16D79}, {0x1CCF0, 0x1CCF9},
                                 {0x1E5F1, 0x1E5FA}};
// Characters that a later version moved to another class.
constexpr char32_t kPunctuationOnce[] = {0x166D, 0x111C9};
constexpr char32_t kAccentOnce = 0x1734;
constexpr char32_t kDecomposesSince13 = 0x11938;

template <size_t N>
bool in_ranges(const Range (&ranges)[N], char32_t character) {
  const auto* after = std::upper_bound(std::begin(ranges), std::end(ranges), character,
                                       [](char32_t c, const Range& r) { return c < r.first; });
  return after != std::begin(ranges) && character <= std::prev(after)->last;
}

utf8proc_category_t category(char32_t character) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(character));
}

}  // namespace

char32_t decode_utf8(std::string_view text, size_t& position) {
  utf8proc_int32_t character = 0;
  const auto length =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + position),
                       static_cast<utf8proc_ssize_t>(text.size() - position), &character);
  position += length > 0 ? static_cast<size_t>(length) : 1;
  return length > 0 ? static_cast<char32_t>(character) : U'\uFFFD';
}

void append_utf8(std::string& text, char32_t character) {
  utf8proc_uint8_t bytes[4];
  const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(character), bytes);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length));
}

bool is_dropped(char32_t character) {
  if (character == U'\t' || character == U'\n' || character == U'\r') return false;
  if (character == U'\uFFFD') return true;
  switch (category(character)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CO:
      return true;
    case UTF8PROC_CATEGORY_CF:
      return !in_ranges(kNewFormats, character);
    default:
      return false;
  }
}

bool is_space(char32_t character) {
  if (character < 0x80) return character == U' ' || (character >= U'\t' && character <= U'\r');
  switch (category(character)) {
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return true;
    default:
      return character == 0x85;
  }
}

bool is_ideograph(char32_t character) {
  return character >= 0x3400 && in_ranges(kIdeographs, character);
}

bool is_punctuation(char32_t character) {
  if (character < 0x80)
    return (character >= 33 && character <= 47) || (character >= 58 && character <= 64) ||
           (character >= 91 && character <= 96) || (character >= 123 && character <= 126);
  switch (category(character)) {
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
      return !in_ranges(kNewPunctuation, character);
    default:
      return std::find(std::begin(kPunctuationOnce), std::end(kPunctuationOnce), character) !=
             std::end(kPunctuationOnce);
  }
}

bool is_accent(char32_t character) {
  if (character == kAccentOnce) return true;
  return category(character) == UTF8PROC_CATEGORY_MN && !in_ranges(kNewMarks, character);
}

bool is_letter(char32_t character) {
  switch (category(character)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return true;
    case UTF8PROC_CATEGORY_CN:
      return in_ranges(kNewLetters, character);
    default:
      return false;
  }
}

bool is_number(char32_t character) {
  switch (category(character)) {
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return true;
    case UTF8PROC_CATEGORY_CN:
      return in_ranges(kNewNumbers, character);
    default:
      return false;
  }
}

bool may_decompose(char32_t character) { return character != kDecomposesSince13; }

}  // namespace edgetran::data
