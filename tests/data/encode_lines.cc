// encode_lines VOCABULARY MAX_LENGTH [cased]
// Standard input: a JSON array of one or two texts a line. Standard output: a line each with the
// start of the second text, then the ids (MAX_LENGTH 0: the ids of the first text alone, without
// special tokens). The other side of tokenizer_oracle_test.py.

#include <iostream>
#include <string>

#include "base/json.h"
#include "data/tokenizer.h"
#include "data/wordpiece.h"

int main(int argc, char** argv) {
  using namespace edgetran;
  if (argc < 3) return 2;
  const int64_t max_length = std::stoll(argv[2]);
  data::WordPieceSettings settings;
  if (argc > 3) settings.basic = {.lower_case = false, .strip_accents = false};
  const auto tokenizer = data::load_wordpiece(argv[1], settings);
  if (!tokenizer) {
    std::cerr << tokenizer.error().message << '\n';
    return 1;
  }
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    const auto texts = base::parse_json(line, "standard input");
    if (!texts) {
      std::cerr << texts.error().message << '\n';
      return 1;
    }
    const auto first = texts->at(0).get<std::string>();
    data::Encoding row;
    if (max_length == 0)
      row.ids = (*tokenizer)->encode(first);
    else if (texts->size() == 1)
      row = data::encode_single(**tokenizer, first, max_length);
    else
      row = data::encode_pair(**tokenizer, first, texts->at(1).get<std::string>(), max_length);
    std::cout << row.second_start;
    for (const int32_t id : row.ids) std::cout << ' ' << id;
    std::cout << '\n';
  }
}
