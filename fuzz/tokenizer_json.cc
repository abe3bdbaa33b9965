// A tokenizer.json, and the pair of vocab.json and merges.txt: the input is a text to encode and
// the file, parted by the first zero byte; a second zero byte parts vocab.json from merges.txt.

#include "data/tokenizer_json.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "data/bpe_trainer.h"

namespace {

using namespace edgetran;

void check_ids(const data::Tokenizer& tokenizer, std::string_view text) {
  for (const int32_t id : tokenizer.encode(text))
    EDGETRAN_CHECK(id >= 0 && id < tokenizer.vocabulary_size(), "an id is in the vocabulary");
  const auto row = data::encode_pair(tokenizer, text, text, 16);
  EDGETRAN_CHECK(row.ids.size() <= 16, "a row keeps its limit");
}

// What is written is read again, and gives the same ids.
void check_round_trip(const data::BpeVocabulary& vocabulary, std::string_view text) {
  for (const bool prefix : {false, true}) {
    const auto tokenizer = data::make_bpe(vocabulary, {.add_prefix_space = prefix});
    check_ids(*tokenizer, text);
    const auto json = base::parse_json(
        data::bpe_tokenizer_json(vocabulary, {.add_prefix_space = prefix}), "written");
    EDGETRAN_CHECK(json.has_value(), "what is written is JSON");
    const auto again = data::read_tokenizer_json(*json, "written");
    EDGETRAN_CHECK(again.has_value(), "what is written is read");
    EDGETRAN_CHECK((*again)->encode(text) == tokenizer->encode(text), "with the same ids");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(input.find('\0'), input.size());
  const std::string_view text = input.substr(0, end);
  const std::string_view file = input.substr(std::min(end + 1, input.size()));
  if (const auto json = base::parse_json(file, "fuzz"))
    if (const auto tokenizer = data::read_tokenizer_json(*json, "fuzz"))
      check_ids(**tokenizer, text);
  const size_t middle = std::min(file.find('\0'), file.size());
  const auto vocabulary =
      data::BpeVocabulary::parse(file.substr(0, middle), "vocab.json",
                                 file.substr(std::min(middle + 1, file.size())), "merges.txt");
  if (vocabulary) check_round_trip(*vocabulary, text);
  data::BpeTrainer trainer({.vocabulary_size = 280});
  trainer.add(text);
  if (const auto trained = trainer.train())
    EDGETRAN_CHECK(trained->size() <= 280, "a vocabulary keeps its size");
  return 0;
}
