#include "data/bpe_vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/files.h"
#include "base/text.h"
#include "data/byte_alphabet.h"
#include "data/characters.h"

namespace edgetran::data {
namespace {

using base::ErrorCategory;
using base::fail;
using base::Json;
using base::Result;
using base::Status;

// The largest published byte-level vocabularies (about 250 000 entries) have 10 MB.
constexpr uint64_t kFileLimitBytes = uint64_t{64} << 20;
constexpr size_t kMostEntries = 1'000'000;
constexpr size_t kByteValues = 256;

using Index = std::unordered_map<std::string_view, int32_t>;

struct SpecialStyle {
  const char *pad, *unknown, *cls, *separator, *mask;
};
constexpr SpecialStyle kRoberta{"<pad>", "<unk>", "<s>", "</s>", "<mask>"};
constexpr SpecialStyle kBert{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

// The names of `style` that `index` lacks; fills `special` with the others.
std::string missing_special(const Index& index, const SpecialStyle& style, SpecialIds& special) {
  const std::pair<const char*, int32_t*> wanted[] = {{style.pad, &special.pad},
                                                     {style.unknown, &special.unknown},
                                                     {style.cls, &special.cls},
                                                     {style.separator, &special.separator},
                                                     {style.mask, &special.mask}};
  std::string missing;
  for (const auto& [token, id] : wanted) {
    if (const auto found = index.find(token); found != index.end())
      *id = found->second;
    else
      missing += (missing.empty() ? "" : ", ") + std::string(token);
  }
  return missing;
}

Result<SpecialIds> find_special(const Index& index, std::string_view name) {
  SpecialIds special;
  const std::string missing = missing_special(index, kRoberta, special);
  if (missing.empty()) return special;
  SpecialIds bert;
  if (missing_special(index, kBert, bert).empty()) return bert;
  return fail(
      ErrorCategory::kUsage,
      fmt::format("{}: the vocabulary of {} entries has no {}", name, index.size(), missing),
      "an encoder needs RoBERTa's <s>, <pad>, </s>, <unk> and <mask> (or BERT's [CLS], "
      "[PAD], [SEP], [UNK] and [MASK]) as entries");
}

// Merges against the entries they speak of.
class MergeReader {
 public:
  MergeReader(const Index& index, std::string_view vocab_name, std::string_view merges_name,
              std::string_view word)
      : index_(index), vocab_name_(vocab_name), merges_name_(merges_name), word_(word) {}

  Result<BpeVocabulary::Merge> read(const BpeVocabulary::WrittenMerge& written) {
    const auto left = index_.find(written.left);
    if (left == index_.end()) return misfit(written, "left part", written.left);
    const auto right = index_.find(written.right);
    if (right == index_.end()) return misfit(written, "right part", written.right);
    const std::string joined = written.left + written.right;
    const auto merged = index_.find(joined);
    if (merged == index_.end()) return misfit(written, "result", joined);
    const auto pair = static_cast<uint64_t>(static_cast<uint32_t>(left->second)) << 32 |
                      static_cast<uint32_t>(right->second);
    if (const auto [first, added] = seen_.emplace(pair, written.line); !added)
      return fail(ErrorCategory::kUsage,
                  fmt::format("{}: {} {}: the merge {} {} stands already on {} {}", merges_name_,
                              word_, written.line, base::in_quotes(written.left),
                              base::in_quotes(written.right), word_, first->second),
                  "each merge may occur once");
    return BpeVocabulary::Merge{left->second, right->second, merged->second};
  }

 private:
  tl::unexpected<base::Error> misfit(const BpeVocabulary::WrittenMerge& written, const char* what,
                                     std::string_view piece) const {
    return fail(
        ErrorCategory::kUsage,
        fmt::format("{} does not fit {}: {} {} merges {} and {}, but its {} {} is no entry of the "
                    "vocabulary",
                    merges_name_, vocab_name_, word_, written.line, base::in_quotes(written.left),
                    base::in_quotes(written.right), what, base::in_quotes(piece)),
        "take both from the same model");
  }

  const Index& index_;
  std::string_view vocab_name_, merges_name_, word_;
  std::unordered_map<uint64_t, int64_t> seen_;
};

Status check_size(std::string_view text, std::string_view name) {
  if (text.size() <= kFileLimitBytes) return {};
  return fail(ErrorCategory::kUsage, fmt::format("{}: {} bytes are too many; at most {} are read",
                                                 name, text.size(), kFileLimitBytes));
}

Result<std::vector<BpeVocabulary::WrittenMerge>> parse_merges(std::string_view text,
                                                              std::string_view name) {
  EDGETRAN_TRY(check_size(text, name));
  if (const auto bad = base::first_invalid_utf8(text))
    return fail(ErrorCategory::kUsage, fmt::format("{}: invalid UTF-8 at byte {}", name, *bad),
                "save the merges as UTF-8");
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<BpeVocabulary::WrittenMerge> merges;
  for (int64_t line = 1; !text.empty(); ++line) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view row = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (row.ends_with('\r')) row.remove_suffix(1);
    if (row.empty() || (line == 1 && row.starts_with("#version"))) continue;
    const size_t blank = row.find(' ');
    if (blank == 0 || blank == std::string_view::npos || blank + 1 == row.size() ||
        row.find(' ', blank + 1) != std::string_view::npos)
      return fail(ErrorCategory::kUsage,
                  fmt::format("{}:{}: {} is no merge; a merge is two pieces with one blank between",
                              name, line, base::in_quotes(row)),
                  "use a GPT-2 merges.txt");
    merges.push_back({std::string(row.substr(0, blank)), std::string(row.substr(blank + 1)), line});
    if (merges.size() > kMostEntries)
      return fail(ErrorCategory::kUsage,
                  fmt::format("{}: more than {} merges", name, kMostEntries));
  }
  return merges;
}

}  // namespace

const std::vector<std::string>& roberta_special_names() {
  static const std::vector<std::string> kNames = {"<s>", "<pad>", "</s>", "<unk>", "<mask>"};
  return kNames;
}

Result<std::vector<std::string>> entries_by_id(const Json& vocabulary, std::string_view name) {
  if (!vocabulary.is_object())
    return fail(ErrorCategory::kUsage, fmt::format("{}: it is no JSON object", name),
                "a vocabulary is {\"entry\": id, ...}");
  const auto& items = vocabulary.get_ref<const Json::object_t&>();
  if (items.empty() || items.size() > kMostEntries)
    return fail(ErrorCategory::kUsage, fmt::format("{}: {} entries; 1 to {} are allowed", name,
                                                   items.size(), kMostEntries));
  std::vector<std::string> entries(items.size());
  std::vector<bool> taken(items.size(), false);
  for (const auto& [entry, id] : items) {
    const int64_t number = id.is_number_integer() ? id.get<int64_t>() : -1;
    if (entry.empty() || number < 0 || number >= static_cast<int64_t>(items.size()))
      return fail(
          ErrorCategory::kUsage,
          fmt::format("{}: the entry {} has the id {}; the {} entries have the ids 0 to {}", name,
                      base::in_quotes(entry), base::dump_json(id), items.size(), items.size() - 1),
          "give every entry a whole number of its own, without gaps");
    const auto at = static_cast<size_t>(number);
    if (taken[at])
      return fail(ErrorCategory::kUsage,
                  fmt::format("{}: the entries {} and {} have the same id, {}", name,
                              base::in_quotes(entries[at]), base::in_quotes(entry), at),
                  "give every entry an id of its own");
    taken[at] = true;
    entries[at] = entry;
  }
  return entries;
}

Result<BpeVocabulary> BpeVocabulary::make(std::vector<std::string> entries,
                                          std::string_view vocab_name,
                                          const std::vector<WrittenMerge>& merges,
                                          std::string_view merges_name,
                                          std::string_view merge_word) {
  BpeVocabulary vocabulary;
  vocabulary.entries_ = std::move(entries);
  Index index;
  for (size_t id = 0; id < vocabulary.entries_.size(); ++id)
    if (!index.emplace(vocabulary.entries_[id], static_cast<int32_t>(id)).second)
      return fail(ErrorCategory::kUsage, fmt::format("{}: the entry {} occurs twice", vocab_name,
                                                     base::in_quotes(vocabulary.entries_[id])));
  EDGETRAN_ASSIGN(vocabulary.special_, find_special(index, vocab_name));
  vocabulary.byte_ids_.assign(kByteValues, -1);
  for (size_t byte = 0; byte < kByteValues; ++byte) {
    const auto found = index.find(written_bytes(std::string(1, static_cast<char>(byte))));
    if (found != index.end()) vocabulary.byte_ids_[byte] = found->second;
  }
  MergeReader reader(index, vocab_name, merges_name, merge_word);
  vocabulary.merges_.reserve(merges.size());
  for (const WrittenMerge& written : merges) {
    EDGETRAN_ASSIGN(const Merge merge, reader.read(written));
    vocabulary.merges_.push_back(merge);
  }
  return vocabulary;
}

Result<BpeVocabulary> BpeVocabulary::parse(std::string_view vocab_json, std::string_view vocab_name,
                                           std::string_view merges_txt,
                                           std::string_view merges_name) {
  EDGETRAN_TRY(check_size(vocab_json, vocab_name));
  EDGETRAN_ASSIGN(const Json json, base::parse_json(vocab_json, vocab_name));
  EDGETRAN_ASSIGN(std::vector<std::string> entries, entries_by_id(json, vocab_name));
  EDGETRAN_ASSIGN(const auto merges, parse_merges(merges_txt, merges_name));
  return make(std::move(entries), vocab_name, merges, merges_name);
}

Result<BpeVocabulary> BpeVocabulary::load(const std::filesystem::path& vocab_json,
                                          const std::filesystem::path& merges_txt) {
  EDGETRAN_ASSIGN(const std::string entries, base::read_file(vocab_json, kFileLimitBytes));
  EDGETRAN_ASSIGN(const std::string merges, base::read_file(merges_txt, kFileLimitBytes));
  return parse(entries, vocab_json.string(), merges, merges_txt.string());
}

PairStyle BpeVocabulary::pair_style() const {
  return entries_[static_cast<size_t>(special_.cls)] == kRoberta.cls ? PairStyle::kRoberta
                                                                     : PairStyle::kBert;
}

std::string BpeVocabulary::vocab_json() const {
  std::string text = "{";
  for (size_t id = 0; id < entries_.size(); ++id)
    text += fmt::format("{}{}: {}", id == 0 ? "" : ", ", base::dump_json(entries_[id]), id);
  return text + "}\n";
}

std::string BpeVocabulary::merges_txt() const {
  std::string text = "#version: 0.2\n";
  for (const Merge& merge : merges_)
    text += fmt::format("{} {}\n", entries_[static_cast<size_t>(merge.left)],
                        entries_[static_cast<size_t>(merge.right)]);
  return text;
}

}  // namespace edgetran::data
