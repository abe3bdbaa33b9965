#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace edgetran::data {

/// Ids of the five tokens that every encoder of ours needs.
struct SpecialIds {
  int32_t pad = 0;
  int32_t unknown = 0;
  int32_t cls = 0;
  int32_t separator = 0;
  int32_t mask = 0;

  std::array<int32_t, 5> all() const { return {pad, unknown, cls, separator, mask}; }
  bool contains(int32_t id) const {
    return id == pad || id == unknown || id == cls || id == separator || id == mask;
  }
  bool operator==(const SpecialIds&) const = default;
};

/// How a row of two texts is written.
enum class PairStyle : uint8_t {
  kBert,     ///< [CLS] first [SEP] second [SEP], the second text of type 1
  kRoberta,  ///< <s> first </s> </s> second </s>, one type throughout
};

/// Text to ids. Implementations are immutable after loading and thread-safe.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  /// Appends the ids of `text` to `ids`, without special tokens. Text is only text: "[SEP]" in it
  /// never becomes the special token. Invalid UTF-8 bytes are dropped.
  virtual void encode(std::string_view text, std::vector<int32_t>& ids) const = 0;
  virtual int64_t vocabulary_size() const = 0;
  virtual const SpecialIds& special() const = 0;
  virtual PairStyle pair_style() const { return PairStyle::kBert; }
  /// The entry of an id in [0, vocabulary_size()).
  virtual std::string_view token(int32_t id) const = 0;
  /// Hex hash of the vocabulary and of every setting that changes an id; names cached files.
  virtual std::string content_hash() const = 0;

  /// encode() into a vector of its own.
  std::vector<int32_t> encode(std::string_view text) const;
};

/// A model's input row: ids with special tokens, and where the second text (type 1) starts.
struct Encoding {
  std::vector<int32_t> ids{};
  int32_t second_start = 0;  ///< index of the first id of type 1; ids.size() where there is none
};

/// [CLS] text [SEP], the text cut so that the row has at most `max_length` ids (>= 2).
Encoding encode_single(const Tokenizer& tokenizer, std::string_view text, int64_t max_length);

/// Special tokens in a row of two texts.
int64_t pair_overhead(PairStyle style);

/// Both texts in the tokenizer's pair style. Too long (`max_length` >= pair_overhead()): tokens are
/// cut from the end of the longer text first; where both exceed half, the longer keeps the odd one
/// (the second where they are equal), as Hugging Face's "longest_first".
Encoding encode_pair(const Tokenizer& tokenizer, std::string_view first, std::string_view second,
                     int64_t max_length);

}  // namespace edgetran::data
