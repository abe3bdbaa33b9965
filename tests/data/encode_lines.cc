// encode_lines TOKENIZER MAX_LENGTH [cased]
// Standard input: one or two texts a line, their bytes in hex with a blank between. Standard
// output: a line each with the start of the second text, then the ids (MAX_LENGTH 0: the ids of the
// first text alone, without special tokens). TOKENIZER: whatever load_tokenizer() takes; "cased" is
// for a vocab.txt. The other side of the tokenizers' oracle tests.

#include <charconv>
#include <iostream>
#include <string>
#include <vector>

#include "base/text.h"
#include "data/load_tokenizer.h"
#include "data/wordpiece.h"

namespace {

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (size_t at = 0; at + 1 < hex.size(); at += 2) {
    int byte = 0;
    std::from_chars(hex.data() + at, hex.data() + at + 2, byte, 16);
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace edgetran;
  if (argc < 3) return 2;
  const int64_t max_length = std::stoll(argv[2]);
  std::unique_ptr<data::Tokenizer> tokenizer;
  if (argc > 3) {
    auto cased =
        data::load_wordpiece(argv[1], {.basic = {.lower_case = false, .strip_accents = false}});
    if (cased) tokenizer = std::move(*cased);
  } else if (auto loaded = data::load_tokenizer(argv[1])) {
    tokenizer = std::move(loaded->tokenizer);
  } else {
    std::cerr << loaded.error().message << '\n';
  }
  if (!tokenizer) return 1;
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    const auto texts = base::split(line, ' ');
    const std::string first = from_hex(texts[0]);
    data::Encoding row;
    if (max_length == 0)
      row.ids = tokenizer->encode(first);
    else if (texts.size() == 1)
      row = data::encode_single(*tokenizer, first, max_length);
    else
      row = data::encode_pair(*tokenizer, first, from_hex(texts[1]), max_length);
    std::cout << row.second_start;
    for (const int32_t id : row.ids) std::cout << ' ' << id;
    std::cout << '\n';
  }
}
