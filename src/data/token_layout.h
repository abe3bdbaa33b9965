#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

#include "data/token_file.h"

namespace edgetran::data {

// Layout of "edgetran.tokens/1", shared by its reader and its writer. Little-endian; every array
// starts at a multiple of 8; the description stands at the end so that writing is one pass:
//
//   magic[8] | ids int32[tokens] | offsets int64[rows + 1] | second_starts int32[rows]
//   | labels int32[rows] or scores float32[rows] | description JSON | its length uint64 | magic[8]
//
// Text files have neither second_starts nor labels. Positions follow from (kind, rows, tokens).
static_assert(std::endian::native == std::endian::little, "token files are read in place");

inline constexpr std::string_view kTokenFormat = "edgetran.tokens/1";
inline constexpr std::string_view kTokenMagic = "EDGETOKS";
inline constexpr std::string_view kTokenEndMagic = "EDGETOKE";
inline constexpr uint64_t kTokenFooterBytes = 16;

constexpr uint64_t align8(uint64_t position) { return (position + 7) / 8 * 8; }

/// Byte positions of the arrays; `rows` and `tokens` must be under 2^56.
struct TokenLayout {
  uint64_t ids = 0, offsets = 0, second_starts = 0, targets = 0, description = 0;

  static constexpr TokenLayout of(Kind kind, uint64_t rows, uint64_t tokens) {
    TokenLayout at;
    at.ids = kTokenMagic.size();
    at.offsets = align8(at.ids + 4 * tokens);
    at.second_starts = at.offsets + 8 * (rows + 1);
    const uint64_t row_bytes = kind == Kind::kText ? 0 : 4 * rows;
    at.targets = align8(at.second_starts + row_bytes);
    at.description = align8(at.targets + row_bytes);
    return at;
  }
};

}  // namespace edgetran::data
