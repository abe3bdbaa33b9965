#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace edgetran::data {

/// Grows a vocabulary by merging the most frequent pair of neighbouring pieces, again and again
/// (Sennrich et al., 2016, arXiv 1508.07909); WordPiece and BPE trainers differ in the pieces that
/// they begin with. Ties go to the pair whose pieces have the smaller ids, left before right, so
/// the outcome depends on pieces, words and counts only.
class PairMerger {
 public:
  /// A merged piece is the left one and the right one without its first `prefix_bytes` ("##").
  explicit PairMerger(size_t prefix_bytes) : prefix_bytes_(prefix_bytes) {}

  /// Id of a piece, which is added where it is new.
  int32_t piece(const std::string& text);
  std::optional<int32_t> find(const std::string& text) const;
  /// A word of the text as pieces, and how often it stands there.
  void add_word(std::vector<int32_t> pieces, int64_t count);
  /// Merges until there are `vocabulary_size` pieces or no pair stands `min_frequency` times.
  void run(int64_t vocabulary_size, int64_t min_frequency);

  /// Pieces by id.
  const std::vector<std::string>& entries() const { return entries_; }
  /// The merges in their order.
  const std::vector<std::pair<int32_t, int32_t>>& merges() const { return merges_; }

 private:
  struct Word {
    std::vector<int32_t> pieces;
    int64_t count = 0;
  };
  struct Statistics {
    int64_t count = 0;
    std::vector<uint32_t> words;  // every word that has or had the pair, maybe twice
  };
  struct Candidate {
    int64_t count;
    uint64_t pair;
    // For a max-heap: more frequent first, then the pieces of the smaller ids.
    bool operator<(const Candidate& other) const {
      return count != other.count ? count < other.count : pair > other.pair;
    }
  };
  void change(int32_t left, int32_t right, int64_t by, uint32_t word);
  void merge(uint64_t pair);
  void merge_in_word(uint32_t index, int32_t left, int32_t right, int32_t merged);

  size_t prefix_bytes_;
  std::vector<std::string> entries_;
  std::unordered_map<std::string, int32_t> ids_;
  std::vector<Word> words_;
  std::unordered_map<uint64_t, Statistics> pairs_;
  std::priority_queue<Candidate> heap_;
  std::vector<std::pair<int32_t, int32_t>> merges_;
};

}  // namespace edgetran::data
