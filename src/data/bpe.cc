#include "data/bpe.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/text.h"
#include "data/byte_alphabet.h"
#include "data/characters.h"
#include "data/gpt2_words.h"

namespace edgetran::data {
namespace {

constexpr int32_t kNone = -1;

uint64_t pair_key(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

// From a pair of ids to its merge, in one open-addressing table.
class MergeTable {
 public:
  struct Entry {
    uint64_t pair = ~uint64_t{0};  // no pair: ids are not negative
    int32_t rank = kNone;
    int32_t merged = kNone;
  };
  explicit MergeTable(const std::vector<BpeVocabulary::Merge>& merges)
      : slots_(std::bit_ceil(2 * merges.size() + 2)), shift_(64 - std::countr_zero(slots_.size())) {
    for (size_t rank = 0; rank < merges.size(); ++rank) {
      const uint64_t pair = pair_key(merges[rank].left, merges[rank].right);
      slots_[find(pair)] = {pair, static_cast<int32_t>(rank), merges[rank].merged};
    }
  }
  /// rank kNone where the two do not merge.
  const Entry& of(int32_t left, int32_t right) const { return slots_[find(pair_key(left, right))]; }

 private:
  size_t find(uint64_t pair) const {
    constexpr uint64_t kGolden = 0x9E3779B97F4A7C15ULL;  // Fibonacci hashing
    size_t at = ((pair ^ pair >> 32) * kGolden) >> shift_;
    while (slots_[at].pair != pair && slots_[at].rank != kNone) at = (at + 1) & (slots_.size() - 1);
    return at;
  }
  std::vector<Entry> slots_;
  int shift_;
};

// The pieces of one word while they merge: a list whose parts are never moved, and the merges that
// are possible now. Reused from word to word; a word of n bytes costs O(n log n).
class WordMerger {
 public:
  explicit WordMerger(const MergeTable& merges) : merges_(merges) {}

  void run(std::string_view bytes, const std::vector<int32_t>& byte_ids, int32_t unknown) {
    pieces_.clear();
    queue_.clear();
    const auto size = static_cast<int32_t>(bytes.size());
    for (int32_t i = 0; i < size; ++i) {
      const int32_t id = byte_ids[static_cast<uint8_t>(bytes[static_cast<size_t>(i)])];
      pieces_.push_back({id == kNone ? unknown : id, i - 1, i + 1 < size ? i + 1 : kNone});
    }
    for (int32_t i = 0; i + 1 < size; ++i) consider(i);
    while (!queue_.empty()) {
      std::pop_heap(queue_.begin(), queue_.end());
      const Candidate best = queue_.back();
      queue_.pop_back();
      if (still_stands(best)) join(best);
    }
  }
  void append_to(std::vector<int32_t>& ids) const {
    for (int32_t at = pieces_.empty() ? kNone : 0; at != kNone; at = piece(at).next)
      ids.push_back(piece(at).id);
  }

 private:
  struct Piece {
    int32_t id, previous, next;
  };
  struct Candidate {
    int32_t rank, place, merged;
    // For a max-heap: lowest rank first, then leftmost.
    bool operator<(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : place > other.place;
    }
  };
  const Piece& piece(int32_t at) const { return pieces_[static_cast<size_t>(at)]; }
  Piece& piece(int32_t at) { return pieces_[static_cast<size_t>(at)]; }

  // The piece at `place` and the one after it.
  void consider(int32_t place) {
    const auto& merge = merges_.of(piece(place).id, piece(piece(place).next).id);
    if (merge.rank == kNone) return;
    queue_.push_back({merge.rank, place, merge.merged});
    std::push_heap(queue_.begin(), queue_.end());
  }
  // An entry of the queue holds as long as the two still give the same piece; the reference
  // implementation asks exactly this.
  bool still_stands(const Candidate& best) const {
    const Piece& left = piece(best.place);
    if (left.id == kNone || left.next == kNone) return false;
    const auto& merge = merges_.of(left.id, piece(left.next).id);
    return merge.rank != kNone && merge.merged == best.merged;
  }
  void join(const Candidate& best) {
    Piece& left = piece(best.place);
    Piece& right = piece(left.next);
    left.id = best.merged;
    left.next = right.next;
    right.id = kNone;
    if (left.next != kNone) {
      piece(left.next).previous = best.place;
      consider(best.place);
    }
    if (left.previous != kNone) consider(left.previous);
  }

  const MergeTable& merges_;
  std::vector<Piece> pieces_;
  std::vector<Candidate> queue_;
};

std::string without_invalid(std::string_view text) {
  std::string valid;
  while (const auto bad = base::first_invalid_utf8(text)) {
    valid += text.substr(0, *bad);
    text.remove_prefix(*bad + 1);
  }
  return valid += text;
}

class Bpe final : public Tokenizer {
 public:
  Bpe(BpeVocabulary vocabulary, BpeSettings settings)
      : vocabulary_(std::move(vocabulary)), settings_(settings), merges_(vocabulary_.merges()) {
    find_whole_words();
  }

  using Tokenizer::encode;
  void encode(std::string_view text, std::vector<int32_t>& ids) const override {
    std::string copy;
    struct Sink final : WordSink {
      Sink(const Bpe& owner, std::vector<int32_t>& out)
          : self(owner), ids(out), merger(owner.merges_) {}
      void word(std::string_view word, size_t) override {
        if (const auto whole = self.whole_words_.find(word); whole != self.whole_words_.end()) {
          ids.push_back(whole->second);
          return;
        }
        merger.run(word, self.vocabulary_.byte_ids(), self.special().unknown);
        merger.append_to(ids);
      }
      const Bpe& self;
      std::vector<int32_t>& ids;
      WordMerger merger;
    } sink(*this, ids);
    split_gpt2(bpe_text(text, settings_, copy), sink);
  }
  int64_t vocabulary_size() const override { return vocabulary_.size(); }
  const SpecialIds& special() const override { return vocabulary_.special(); }
  std::string_view token(int32_t id) const override {
    EDGETRAN_CHECK(id >= 0 && id < vocabulary_.size(), "vocabulary id out of range");
    return vocabulary_.entries()[static_cast<size_t>(id)];
  }
  PairStyle pair_style() const override { return vocabulary_.pair_style(); }
  std::string content_hash() const override {
    return base::sha256_hex(fmt::format("bpe/2 prefix={}\n", settings_.add_prefix_space) +
                            vocabulary_.vocab_json() + vocabulary_.merges_txt());
  }

 private:
  // Entries that their own bytes merge to: most words of a text are one of them, and one look-up
  // finds those. Made once, so encoding shares nothing that changes (a cache would need a lock).
  void find_whole_words() {
    WordMerger merger(merges_);
    std::vector<int32_t> ids;
    for (int32_t id = 0; id < vocabulary_.size(); ++id) {
      auto bytes = bytes_of_written(token(id));
      if (!bytes || bytes->empty()) continue;
      ids.clear();
      merger.run(*bytes, vocabulary_.byte_ids(), vocabulary_.special().unknown);
      merger.append_to(ids);
      if (ids.size() == 1 && ids.front() == id) whole_words_.emplace(std::move(*bytes), id);
    }
  }

  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  BpeVocabulary vocabulary_;
  BpeSettings settings_;
  MergeTable merges_;
  std::unordered_map<std::string, int32_t, Hash, std::equal_to<>> whole_words_;
};

}  // namespace

std::string_view bpe_text(std::string_view text, const BpeSettings& settings, std::string& copy) {
  if (base::first_invalid_utf8(text)) text = copy = without_invalid(text);
  if (settings.add_prefix_space && !text.empty() && !text.starts_with(' '))
    text = copy = ' ' + std::string(text);
  return text;
}

std::unique_ptr<Tokenizer> make_bpe(BpeVocabulary vocabulary, BpeSettings settings) {
  return std::make_unique<Bpe>(std::move(vocabulary), settings);
}

}  // namespace edgetran::data
