#include "data/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/files.h"
#include "base/text.h"

namespace edgetran::data {
namespace {

using base::ErrorCategory;
using base::fail;

// The largest published WordPiece vocabulary (501 153 entries) has 6 MB; ids of trie nodes also
// rest on this limit (wordpiece.cc).
constexpr uint64_t kVocabularyLimitBytes = uint64_t{16} << 20;

using Index = std::unordered_map<std::string_view, int32_t>;

base::Result<SpecialIds> find_special(const Index& index, std::string_view name) {
  SpecialIds special;
  const std::pair<const char*, int32_t*> wanted[] = {{"[PAD]", &special.pad},
                                                     {"[UNK]", &special.unknown},
                                                     {"[CLS]", &special.cls},
                                                     {"[SEP]", &special.separator},
                                                     {"[MASK]", &special.mask}};
  std::string missing;
  for (const auto& [token, id] : wanted) {
    if (const auto found = index.find(token); found != index.end())
      *id = found->second;
    else
      missing += (missing.empty() ? "" : ", ") + std::string(token);
  }
  if (!missing.empty())
    return fail(
        ErrorCategory::kUsage,
        fmt::format("{}: the vocabulary of {} entries has no {}", name, index.size(), missing),
        "use a BERT WordPiece vocab.txt, or add the missing entries on lines of their own");
  return special;
}

}  // namespace

const std::vector<std::string>& special_token_names() {
  static const std::vector<std::string> kNames = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  return kNames;
}

base::Result<Vocabulary> Vocabulary::load(const std::filesystem::path& path) {
  EDGETRAN_ASSIGN(const std::string text, base::read_file(path, kVocabularyLimitBytes));
  return parse(text, path.string());
}

base::Result<Vocabulary> Vocabulary::parse(std::string_view text, std::string_view name) {
  if (text.size() > kVocabularyLimitBytes)
    return fail(ErrorCategory::kUsage, fmt::format("{}: {} bytes are too many for a vocabulary; at "
                                                   "most {} are read",
                                                   name, text.size(), kVocabularyLimitBytes));
  if (const auto bad = base::first_invalid_utf8(text))
    return fail(ErrorCategory::kUsage, fmt::format("{}: invalid UTF-8 at byte {}", name, *bad),
                "save the vocabulary as UTF-8");
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);

  Vocabulary vocabulary;
  Index index;
  for (size_t line = 1; !text.empty(); ++line) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view entry = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!entry.empty() && entry.back() == '\r') entry.remove_suffix(1);
    if (entry.empty())
      return fail(ErrorCategory::kUsage, fmt::format("{}:{}: the line is empty", name, line),
                  "an entry's id is its line number, so no line may be blank");
    const auto [first, added] = index.emplace(entry, static_cast<int32_t>(line - 1));
    if (!added)
      return fail(ErrorCategory::kUsage,
                  fmt::format("{}:{}: the entry '{}' stands already on line {}", name, line, entry,
                              first->second + 1),
                  "each entry may occur once");
  }
  EDGETRAN_ASSIGN(vocabulary.special_, find_special(index, name));
  vocabulary.entries_.resize(index.size());
  for (const auto& [entry, id] : index) vocabulary.entries_[static_cast<size_t>(id)] = entry;
  return vocabulary;
}

const std::string& Vocabulary::entry(int32_t id) const {
  EDGETRAN_CHECK(id >= 0 && id < size(), "vocabulary id out of range");
  return entries_[static_cast<size_t>(id)];
}

std::string Vocabulary::text() const {
  std::string text;
  for (const std::string& entry : entries_) text += entry + '\n';
  return text;
}

}  // namespace edgetran::data
