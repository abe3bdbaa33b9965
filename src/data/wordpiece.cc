#include "data/wordpiece.h"

#include <fmt/format.h>

#include <bit>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace edgetran::data {
namespace {

constexpr int32_t kNoToken = -1;

// Byte trie with its edges in one open-addressing table: a step is one probe, about 5 ns, and the
// 30 522 entries of BERT need 1.6 MB. A vocabulary has under 2^24 bytes, hence nodes.
class Trie {
 public:
  explicit Trie(size_t bytes)
      : slots_(std::bit_ceil(2 * bytes + 2)), shift_(64 - std::countr_zero(slots_.size())) {}

  int32_t new_node() {
    tokens_.push_back(kNoToken);
    return static_cast<int32_t>(tokens_.size() - 1);
  }
  void insert(int32_t root, std::string_view entry, int32_t token) {
    int32_t node = root;
    for (const char byte : entry) {
      const uint32_t key = edge_key(node, byte);
      Slot& slot = slots_[find(key)];
      if (slot.key != key) {
        slot.key = key;
        slot.next = new_node();
      }
      node = slot.next;
    }
    tokens_[static_cast<size_t>(node)] = token;
  }
  // Longest entry under `root` that `text` starts with: its token and length; kNoToken if none.
  std::pair<int32_t, size_t> longest(int32_t root, std::string_view text) const {
    std::pair<int32_t, size_t> best{kNoToken, 0};
    int32_t node = root;
    for (size_t i = 0; i < text.size(); ++i) {
      const uint32_t key = edge_key(node, text[i]);
      const Slot& slot = slots_[find(key)];
      if (slot.key != key) break;
      node = slot.next;
      if (const int32_t token = tokens_[static_cast<size_t>(node)]; token != kNoToken)
        best = {token, i + 1};
    }
    return best;
  }

 private:
  static constexpr uint32_t kFree = 0xFFFFFFFF;
  struct Slot {
    uint32_t key = kFree;
    int32_t next = 0;
  };
  static uint32_t edge_key(int32_t node, char byte) {
    return static_cast<uint32_t>(node) << 8 | static_cast<uint8_t>(byte);
  }
  size_t find(uint32_t key) const {
    constexpr uint64_t kGolden = 0x9E3779B97F4A7C15ULL;  // Fibonacci hashing
    size_t at = (key * kGolden) >> shift_;
    while (slots_[at].key != key && slots_[at].key != kFree) at = (at + 1) & (slots_.size() - 1);
    return at;
  }
  std::vector<Slot> slots_;
  int shift_;
  std::vector<int32_t> tokens_;
};

size_t total_bytes(const Vocabulary& vocabulary) {
  size_t bytes = 0;
  for (const std::string& entry : vocabulary.entries()) bytes += entry.size();
  return bytes;
}

class WordPiece final : public Tokenizer {
 public:
  WordPiece(Vocabulary vocabulary, WordPieceSettings settings)
      : vocabulary_(std::move(vocabulary)),
        settings_(settings),
        trie_(total_bytes(vocabulary_)),
        initial_(trie_.new_node()),
        continuing_(trie_.new_node()) {
    for (int32_t id = 0; id < static_cast<int32_t>(vocabulary_.size()); ++id) {
      std::string_view entry = vocabulary_.entry(id);
      const bool continues =
          entry.size() > kContinuation.size() && entry.starts_with(kContinuation);
      if (continues) entry.remove_prefix(kContinuation.size());
      trie_.insert(continues ? continuing_ : initial_, entry, id);
    }
  }

  using Tokenizer::encode;
  void encode(std::string_view text, std::vector<int32_t>& ids) const override {
    struct Sink final : WordSink {
      Sink(const WordPiece& owner, std::vector<int32_t>& out) : self(owner), ids(out) {}
      void word(std::string_view word, size_t characters) override {
        self.encode_word(word, characters, ids);
      }
      const WordPiece& self;
      std::vector<int32_t>& ids;
    } sink(*this, ids);
    BasicWords(settings_.basic).split(text, sink);
  }
  int64_t vocabulary_size() const override { return vocabulary_.size(); }
  const SpecialIds& special() const override { return vocabulary_.special(); }
  std::string_view token(int32_t id) const override { return vocabulary_.entry(id); }
  std::string content_hash() const override {
    return base::sha256_hex(fmt::format("wordpiece/1 lower={} strip={} longest={}\n",
                                        settings_.basic.lower_case, settings_.basic.strip_accents,
                                        settings_.longest_word) +
                            vocabulary_.text());
  }

 private:
  void encode_word(std::string_view word, size_t characters, std::vector<int32_t>& ids) const {
    const size_t start = ids.size();
    int32_t root = initial_;
    while (!word.empty()) {
      const auto [token, length] = characters > settings_.longest_word
                                       ? std::pair{kNoToken, size_t{0}}
                                       : trie_.longest(root, word);
      if (token == kNoToken) {
        ids.resize(start);
        ids.push_back(vocabulary_.special().unknown);
        return;
      }
      ids.push_back(token);
      word.remove_prefix(length);
      root = continuing_;
    }
  }

  Vocabulary vocabulary_;
  WordPieceSettings settings_;
  Trie trie_;
  int32_t initial_, continuing_;
};

}  // namespace

std::unique_ptr<Tokenizer> make_wordpiece(Vocabulary vocabulary, WordPieceSettings settings) {
  return std::make_unique<WordPiece>(std::move(vocabulary), settings);
}

base::Result<std::unique_ptr<Tokenizer>> load_wordpiece(const std::filesystem::path& vocabulary,
                                                        WordPieceSettings settings) {
  EDGETRAN_ASSIGN(Vocabulary loaded, Vocabulary::load(vocabulary));
  return make_wordpiece(std::move(loaded), settings);
}

}  // namespace edgetran::data
