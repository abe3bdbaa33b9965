// train_vocabulary wordpiece|bpe|bpe-prefix SIZE MIN_FREQUENCY OUT < TEXT
// Trains on the lines of standard input and writes OUT: a vocab.txt or a tokenizer.json. The other
// side of the trainers' oracle tests.

#include <iostream>
#include <string>

#include "base/files.h"
#include "data/bpe_trainer.h"
#include "data/tokenizer_json.h"
#include "data/wordpiece_trainer.h"

namespace {

using namespace edgetran;

template <class Trainer>
void read_lines(Trainer& trainer) {
  for (std::string line; std::getline(std::cin, line);) trainer.add(line);
}

base::Result<std::string> train(const std::string& kind, int64_t size, int64_t min_frequency) {
  if (kind == "wordpiece") {
    data::WordPieceTrainer trainer({.vocabulary_size = size, .min_frequency = min_frequency});
    read_lines(trainer);
    EDGETRAN_ASSIGN(const auto vocabulary, trainer.train());
    return vocabulary.text();
  }
  const data::BpeSettings bpe{.add_prefix_space = kind == "bpe-prefix"};
  data::BpeTrainer trainer({.bpe = bpe, .vocabulary_size = size, .min_frequency = min_frequency});
  read_lines(trainer);
  EDGETRAN_ASSIGN(const auto vocabulary, trainer.train());
  return data::bpe_tokenizer_json(vocabulary, bpe);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  std::ios::sync_with_stdio(false);
  const auto text = train(argv[1], std::stoll(argv[2]), std::stoll(argv[3]));
  if (text)
    if (const auto written = base::write_file_atomic(argv[4], *text)) return 0;
  std::cerr << (text ? "cannot write" : text.error().message) << '\n';
  return 1;
}
