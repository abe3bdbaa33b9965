#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "data/bpe.h"
#include "data/bpe_vocabulary.h"

namespace edgetran::data {

struct BpeTrainerSettings {
  BpeSettings bpe{};
  int64_t vocabulary_size = 8000;
  int64_t min_frequency = 2;  ///< pairs seen less often are not merged
};

/// Makes a byte-level BPE vocabulary from text: the words of GPT-2's pattern are counted, then the
/// most frequent pair of pieces is merged (PairMerger, where the rule for ties stands, which is
/// also that of Hugging Face's BpeTrainer: both give the same merges). Entries: RoBERTa's special
/// tokens, the 256 bytes by their written character, merged pieces by their order.
class BpeTrainer {
 public:
  explicit BpeTrainer(BpeTrainerSettings settings);
  BpeTrainer(BpeTrainer&&) noexcept;
  BpeTrainer& operator=(BpeTrainer&&) noexcept;
  ~BpeTrainer();

  /// Counts the words of a text. Invalid UTF-8 bytes are dropped.
  void add(std::string_view text);
  /// kUsage where no word was added or the vocabulary size does not hold bytes and special tokens.
  base::Result<BpeVocabulary> train() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace edgetran::data
