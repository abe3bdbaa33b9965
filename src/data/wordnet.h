#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"

namespace edgetran::data {

/// What a line of a WordNet data file (wndb(5WN)) says about one synset.
struct Gloss {
  int file_number = 0;  ///< lexicographer file, 0 to 44
  std::string_view text;
};

/// Lexicographer files of WordNet 3.0.
inline constexpr int kLexicographerFiles = 45;

/// Reads a line of data.noun and its like; nullopt for a licence line (two leading blanks) or a
/// blank one. kCorrupt where the file number or the gloss after " | " is missing.
base::Result<std::optional<Gloss>> parse_gloss(std::string_view line);

}  // namespace edgetran::data
