#include "data/tokenizer_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.h"
#include "data/wordpiece.h"

namespace edgetran::data {
namespace {

using base::ErrorCategory;
using base::fail;
using base::Json;
using base::Result;
using base::Status;

const Json& part(const Json& object, const char* key) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

std::string type_of(const Json& object) {
  const Json& type = part(object, "type");
  return type.is_string() ? type.get<std::string>() : std::string();
}

tl::unexpected<base::Error> not_built(std::string_view name, std::string_view what,
                                      const Json& seen, std::string_view allowed) {
  return fail(ErrorCategory::kUsage,
              fmt::format("{}: {} is {}, which would change ids and is not built here; {}", name,
                          what, base::in_quotes(base::dump_json(seen)), allowed),
              "byte-level BPE (GPT-2, RoBERTa) and BERT's WordPiece are read");
}

// A key that must have its neutral value (or be absent).
Status neutral(const Json& object, const char* key, const Json& value, std::string_view name) {
  const Json& seen = part(object, key);
  const bool empty_text =
      value.is_null() && seen.is_string() && seen.get_ref<const std::string&>().empty();
  if (seen.is_null() || seen == value || empty_text) return {};
  return not_built(name, fmt::format("the model's {}", key), seen,
                   fmt::format("allowed is {}", base::dump_json(value)));
}

Result<bool> flag(const Json& object, const char* key, bool absent, std::string_view name) {
  const Json& seen = part(object, key);
  if (seen.is_null()) return absent;
  if (seen.is_boolean()) return seen.get<bool>();
  return fail(ErrorCategory::kUsage, fmt::format("{}: {} is {}; true or false are allowed", name,
                                                 key, base::in_quotes(base::dump_json(seen))));
}

// The model's vocabulary with the added tokens that it lacks.
Result<std::vector<std::string>> all_entries(const Json& json, std::string_view name) {
  Json vocabulary = part(part(json, "model"), "vocab");
  if (!vocabulary.is_object())
    return fail(ErrorCategory::kUsage, fmt::format("{}: the model has no vocab", name),
                "use a tokenizer.json of Hugging Face's tokenizers");
  auto& items = vocabulary.get_ref<Json::object_t&>();
  std::unordered_map<std::string, Json> known(items.begin(), items.end());
  const Json& added = part(json, "added_tokens");
  for (const Json& token : added.is_array() ? added : Json::array()) {
    const Json& content = part(token, "content");
    const Json& id = part(token, "id");
    if (!content.is_string())
      return fail(ErrorCategory::kUsage, fmt::format("{}: an added token has no content", name));
    const auto [entry, is_new] = known.emplace(content.get<std::string>(), id);
    if (is_new) items.emplace_back(entry->first, id);
    if (entry->second != id)
      return fail(ErrorCategory::kUsage,
                  fmt::format("{}: the token {} has the id {} in added_tokens and {} in the vocab",
                              name, base::in_quotes(entry->first), base::dump_json(id),
                              base::dump_json(entry->second)));
  }
  return entries_by_id(vocabulary, name);
}

// "a b" as older files have it, or ["a", "b"].
std::optional<BpeVocabulary::WrittenMerge> written_merge(const Json& merge) {
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string())
    return BpeVocabulary::WrittenMerge{merge[0].get<std::string>(), merge[1].get<std::string>()};
  if (!merge.is_string()) return std::nullopt;
  const auto parts = base::split(merge.get_ref<const std::string&>(), ' ');
  if (parts.size() != 2) return std::nullopt;
  return BpeVocabulary::WrittenMerge{std::string(parts[0]), std::string(parts[1])};
}

Result<std::vector<BpeVocabulary::WrittenMerge>> merges_of(const Json& model,
                                                           std::string_view name) {
  const Json& list = part(model, "merges");
  if (!list.is_array())
    return fail(ErrorCategory::kUsage, fmt::format("{}: the model has no list of merges", name));
  std::vector<BpeVocabulary::WrittenMerge> merges;
  merges.reserve(list.size());
  for (const Json& each : list) {
    auto merge = written_merge(each);
    const auto number = static_cast<int64_t>(merges.size()) + 1;
    if (!merge)
      return fail(ErrorCategory::kUsage,
                  fmt::format("{}: merge {} is {}; a merge is two pieces", name, number,
                              base::in_quotes(base::dump_json(each))));
    merge->line = number;
    merges.push_back(std::move(*merge));
  }
  return merges;
}

Status check_bpe_model(const Json& model, std::string_view name) {
  EDGETRAN_TRY(neutral(model, "dropout", nullptr, name));
  EDGETRAN_TRY(neutral(model, "continuing_subword_prefix", nullptr, name));
  EDGETRAN_TRY(neutral(model, "end_of_word_suffix", nullptr, name));
  EDGETRAN_TRY(neutral(model, "byte_fallback", false, name));
  return neutral(model, "ignore_merges", false, name);
}

// With all 256 bytes in the vocabulary nothing is unknown; else the file must say what is done.
Status check_bytes(const BpeVocabulary& vocabulary, const Json& model, std::string_view name) {
  int missing = 0;
  for (const int32_t id : vocabulary.byte_ids()) missing += id < 0 ? 1 : 0;
  if (missing == 0) return {};
  const Json& unknown = part(model, "unk_token");
  const std::string& ours = vocabulary.entries()[static_cast<size_t>(vocabulary.special().unknown)];
  if (unknown == Json(ours)) return neutral(model, "fuse_unk", false, name);
  return fail(ErrorCategory::kUsage,
              fmt::format("{}: {} of the 256 bytes have no entry and unk_token is {}, so texts "
                          "would lose characters",
                          name, missing, base::dump_json(unknown)),
              fmt::format("set unk_token to \"{}\", or train with the whole byte alphabet", ours));
}

Result<std::unique_ptr<Tokenizer>> read_bpe(const Json& json, std::string_view name) {
  const Json& model = part(json, "model");
  EDGETRAN_TRY(check_bpe_model(model, name));
  if (const Json& normalizer = part(json, "normalizer"); !normalizer.is_null())
    return not_built(name, "the normalizer", normalizer, "byte-level BPE has none (null)");
  const Json& words = part(json, "pre_tokenizer");
  EDGETRAN_ASSIGN(const bool pattern, flag(words, "use_regex", true, name));
  if (type_of(words) != "ByteLevel" || !pattern)
    return not_built(name, "the pre_tokenizer", words, "allowed is ByteLevel with its own pattern");
  BpeSettings settings;
  EDGETRAN_ASSIGN(settings.add_prefix_space, flag(words, "add_prefix_space", true, name));
  EDGETRAN_ASSIGN(std::vector<std::string> entries, all_entries(json, name));
  EDGETRAN_ASSIGN(const auto merges, merges_of(model, name));
  const std::string vocab_name = fmt::format("the vocab of {}", name);
  const std::string merges_name = fmt::format("the merges of {}", name);
  EDGETRAN_ASSIGN(BpeVocabulary vocabulary, BpeVocabulary::make(std::move(entries), vocab_name,
                                                                merges, merges_name, "merge"));
  EDGETRAN_TRY(check_bytes(vocabulary, model, name));
  return make_bpe(std::move(vocabulary), settings);
}

Result<WordPieceSettings> wordpiece_settings(const Json& json, std::string_view name) {
  WordPieceSettings settings;
  const Json& normalizer = part(json, "normalizer");
  EDGETRAN_ASSIGN(const bool clean, flag(normalizer, "clean_text", true, name));
  EDGETRAN_ASSIGN(const bool ideographs, flag(normalizer, "handle_chinese_chars", true, name));
  if (type_of(normalizer) != "BertNormalizer" || !clean || !ideographs)
    return not_built(name, "the normalizer", normalizer,
                     "allowed is BertNormalizer with clean_text and handle_chinese_chars");
  EDGETRAN_ASSIGN(settings.basic.lower_case, flag(normalizer, "lowercase", true, name));
  // null: as lower-casing has it.
  EDGETRAN_ASSIGN(settings.basic.strip_accents,
                  flag(normalizer, "strip_accents", settings.basic.lower_case, name));
  if (const Json& words = part(json, "pre_tokenizer"); type_of(words) != "BertPreTokenizer")
    return not_built(name, "the pre_tokenizer", words, "allowed is BertPreTokenizer");
  const Json& model = part(json, "model");
  EDGETRAN_TRY(neutral(model, "continuing_subword_prefix", "##", name));
  EDGETRAN_TRY(neutral(model, "unk_token", "[UNK]", name));
  const Json& longest = part(model, "max_input_chars_per_word");
  if (!longest.is_null()) {
    if (!longest.is_number_integer() || longest.get<int64_t>() < 1)
      return not_built(name, "max_input_chars_per_word", longest, "allowed are numbers from 1");
    settings.longest_word = longest.get<size_t>();
  }
  return settings;
}

Result<std::unique_ptr<Tokenizer>> read_wordpiece(const Json& json, std::string_view name) {
  EDGETRAN_ASSIGN(const WordPieceSettings settings, wordpiece_settings(json, name));
  EDGETRAN_ASSIGN(const std::vector<std::string> entries, all_entries(json, name));
  std::string text;
  for (const std::string& entry : entries) {
    if (entry.find_first_of("\r\n") != std::string::npos)
      return fail(ErrorCategory::kUsage,
                  fmt::format("{}: the entry {} holds a line end", name, base::in_quotes(entry)));
    text += entry + '\n';
  }
  EDGETRAN_ASSIGN(Vocabulary vocabulary, Vocabulary::parse(text, name));
  return make_wordpiece(std::move(vocabulary), settings);
}

Json special_piece(const std::string& token, int type) {
  return {{"SpecialToken", {{"id", token}, {"type_id", type}}}};
}

Json text_piece(const char* text, int type) {
  return {{"Sequence", {{"id", text}, {"type_id", type}}}};
}

Json template_of(const BpeVocabulary& vocabulary) {
  const auto& entries = vocabulary.entries();
  const std::string& cls = entries[static_cast<size_t>(vocabulary.special().cls)];
  const std::string& end = entries[static_cast<size_t>(vocabulary.special().separator)];
  const Json single =
      Json::array({special_piece(cls, 0), text_piece("A", 0), special_piece(end, 0)});
  const bool roberta = vocabulary.pair_style() == PairStyle::kRoberta;
  const int second = roberta ? 0 : 1;
  Json pair = single;
  if (roberta) pair.push_back(special_piece(end, second));
  pair.push_back(text_piece("B", second));
  pair.push_back(special_piece(end, second));
  Json tokens = Json::object();
  for (const int32_t id : {vocabulary.special().cls, vocabulary.special().separator}) {
    const std::string& token = entries[static_cast<size_t>(id)];
    tokens[token] = {{"id", token}, {"ids", Json::array({id})}, {"tokens", Json::array({token})}};
  }
  return {{"type", "TemplateProcessing"},
          {"single", single},
          {"pair", std::move(pair)},
          {"special_tokens", std::move(tokens)}};
}

Json added_tokens(const BpeVocabulary& vocabulary) {
  Json tokens = Json::array();
  std::vector<int32_t> ids;
  for (const int32_t id : vocabulary.special().all()) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  for (const int32_t id : ids)
    tokens.push_back({{"id", id},
                      {"content", vocabulary.entries()[static_cast<size_t>(id)]},
                      {"single_word", false},
                      {"lstrip", false},
                      {"rstrip", false},
                      {"normalized", false},
                      {"special", true}});
  return tokens;
}

Json byte_level(bool add_prefix_space) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", add_prefix_space},
          {"trim_offsets", true},
          {"use_regex", true}};
}

Json bpe_model(const BpeVocabulary& vocabulary) {
  const auto& entries = vocabulary.entries();
  Json vocab = Json::object();
  auto& items = vocab.get_ref<Json::object_t&>();  // appended: looking each up costs the square
  for (size_t id = 0; id < entries.size(); ++id) items.emplace_back(entries[id], Json(id));
  Json merges = Json::array();
  for (const auto& merge : vocabulary.merges())
    merges.push_back(Json::array(
        {entries[static_cast<size_t>(merge.left)], entries[static_cast<size_t>(merge.right)]}));
  return {{"type", "BPE"},
          {"dropout", nullptr},
          {"unk_token", entries[static_cast<size_t>(vocabulary.special().unknown)]},
          {"continuing_subword_prefix", nullptr},
          {"end_of_word_suffix", nullptr},
          {"fuse_unk", false},
          {"byte_fallback", false},
          {"ignore_merges", false},
          {"vocab", std::move(vocab)},
          {"merges", std::move(merges)}};
}

}  // namespace

Result<std::unique_ptr<Tokenizer>> read_tokenizer_json(const Json& json, std::string_view name) {
  const Json& model = part(json, "model");
  std::string type = type_of(model);
  if (type.empty() && part(model, "merges").is_array()) type = "BPE";  // as older files have it
  if (type == "BPE") return read_bpe(json, name);
  if (type == "WordPiece") return read_wordpiece(json, name);
  return fail(ErrorCategory::kUsage,
              fmt::format("{}: {} is no kind of tokenizer that is read; allowed are BPE and "
                          "WordPiece",
                          name, type.empty() ? "a file without a model" : base::in_quotes(type)),
              "use a tokenizer.json, a vocab.txt, or a folder with vocab.json and merges.txt");
}

std::string bpe_tokenizer_json(const BpeVocabulary& vocabulary, const BpeSettings& settings) {
  const Json json = {{"version", "1.0"},
                     {"truncation", nullptr},
                     {"padding", nullptr},
                     {"added_tokens", added_tokens(vocabulary)},
                     {"normalizer", nullptr},
                     {"pre_tokenizer", byte_level(settings.add_prefix_space)},
                     {"post_processor", template_of(vocabulary)},
                     {"decoder", byte_level(true)},
                     {"model", bpe_model(vocabulary)}};
  return base::dump_json(json) + "\n";
}

}  // namespace edgetran::data
