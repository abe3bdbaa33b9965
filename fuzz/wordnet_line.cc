// One line of a WordNet data file.

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "data/wordnet.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edgetran;
  const auto gloss = data::parse_gloss({reinterpret_cast<const char*>(data), size});
  if (!gloss || !*gloss) return 0;
  EDGETRAN_CHECK((*gloss)->file_number >= 0 && (*gloss)->file_number < data::kLexicographerFiles,
                 "a file number is in its range");
  EDGETRAN_CHECK(!(*gloss)->text.empty(), "a gloss is not empty");
  return 0;
}
