// A vocabulary and a text to cut with it: the input is both, parted by the first zero byte.

#include "data/wordpiece.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "data/wordpiece_trainer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edgetran;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(input.find('\0'), input.size());
  const std::string_view text = input.substr(std::min(end + 1, input.size()));

  if (auto vocabulary = data::Vocabulary::parse(input.substr(0, end), "fuzz")) {
    const int64_t entries = vocabulary->size();
    for (const bool cased : {false, true}) {
      const auto tokenizer = data::make_wordpiece(
          *vocabulary, {.basic = {.lower_case = !cased, .strip_accents = !cased}});
      const auto row = data::encode_pair(*tokenizer, text, input, 16);
      EDGETRAN_CHECK(row.ids.size() <= 16, "a row keeps its limit");
      for (const int32_t id : tokenizer->encode(text))
        EDGETRAN_CHECK(id >= 0 && id < entries, "an id is in the vocabulary");
    }
  }
  data::WordPieceTrainer trainer({.vocabulary_size = 64});
  trainer.add(text);
  if (const auto trained = trainer.train())
    EDGETRAN_CHECK(trained->size() <= 64, "a vocabulary keeps its size");
  return 0;
}
