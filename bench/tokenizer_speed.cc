// tokenizer_speed TOKENIZER TEXT: loads both, then for each line on standard input encodes every
// line of the text on one thread and prints "SECONDS TOKENS". The other side of tokenizers.py.

#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include "base/text.h"
#include "data/input_text.h"
#include "data/load_tokenizer.h"

int main(int argc, char** argv) {
  using namespace edgetran;
  if (argc != 3) return 2;
  const auto loaded = data::load_tokenizer(argv[1]);
  const auto text = data::InputText::open(argv[2]);
  if (!loaded || !text) {
    std::cerr << (loaded ? text.error().message : loaded.error().message) << '\n';
    return 1;
  }
  std::vector<std::string_view> lines = base::split(text->text(), '\n');
  for (std::string go; std::getline(std::cin, go);) {
    const auto start = std::chrono::steady_clock::now();
    size_t tokens = 0;
    std::vector<int32_t> ids;
    for (const std::string_view line : lines) {
      ids.clear();
      loaded->tokenizer->encode(line, ids);
      tokens += ids.size();
    }
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    std::cout << spent.count() << ' ' << tokens << std::endl;
  }
}
