#include "data/prepare.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "data/load_tokenizer.h"
#include "data/tokenizer_json.h"

namespace edgetran::data {
namespace {

using base::ErrorCategory;
using base::fail;
using base::Json;
using base::Result;
using base::Status;

constexpr size_t kKeyDigits = 32;

// What decides a source's rows: its settings and the bytes of its files, not their paths.
Result<Json> identity(const DataSource& source) {
  Json files = Json::array();
  for (const auto& file : source.files()) {
    EDGETRAN_ASSIGN(const std::string digest, base::sha256_file(file));
    files.push_back(digest);
  }
  return Json{{"settings", source.settings()}, {"files", std::move(files)}};
}

std::string cache_key(const Json& json) {
  return base::sha256_hex(base::canonical_json(json)).substr(0, kKeyDigits);
}

bool all_sound(const std::vector<Prepared::Split>& splits) {
  return std::all_of(splits.begin(), splits.end(), [](const Prepared::Split& split) {
    return TokenFile::open(split.file).has_value();
  });
}

Result<std::vector<TokenFileWriter>> create_writers(const DataSource& source,
                                                    const std::vector<Prepared::Split>& splits,
                                                    const TokenFileInfo& info) {
  std::vector<TokenFileWriter> writers;
  const std::vector<std::string> subsets = source.subsets();
  for (const Prepared::Split& split : splits) {
    TokenFileInfo own = info;
    own.origin["split"] = split.name;
    if (std::find(subsets.begin(), subsets.end(), split.name) != subsets.end())
      own.origin["subset"] = true;
    EDGETRAN_ASSIGN(TokenFileWriter writer, TokenFileWriter::create(split.file, std::move(own)));
    writers.push_back(std::move(writer));
  }
  return writers;
}

Status add_text(TokenFileWriter& writer, const Tokenizer& tokenizer, const SourceRow& row,
                std::vector<int32_t>& ids) {
  for (const std::string_view text : {row.first, row.second}) {
    ids.clear();
    tokenizer.encode(text, ids);
    EDGETRAN_TRY(writer.add_text(ids));
  }
  return {};
}

Status add_labelled(TokenFileWriter& writer, const Tokenizer& tokenizer, Kind kind, bool pairs,
                    const SourceRow& row, int64_t max_length) {
  const Encoding encoding = pairs ? encode_pair(tokenizer, row.first, row.second, max_length)
                                  : encode_single(tokenizer, row.first, max_length);
  return kind == Kind::kRegression ? writer.add_scored(encoding, row.score)
                                   : writer.add_classified(encoding, row.label);
}

Status tokenize(const DataSource& source, const Tokenizer& tokenizer, const TokenFileInfo& info,
                const std::vector<Prepared::Split>& splits) {
  EDGETRAN_ASSIGN(std::vector<TokenFileWriter> writers, create_writers(source, splits, info));
  std::vector<int32_t> ids;
  const bool pairs = source.pairs();
  const auto visit = [&](size_t split, const SourceRow& row) -> Status {
    if (info.kind == Kind::kText) return add_text(writers[split], tokenizer, row, ids);
    return add_labelled(writers[split], tokenizer, info.kind, pairs, row, info.max_length);
  };
  EDGETRAN_ASSIGN(const std::vector<std::string> label_names, source.read(visit));
  if (writers.front().rows() == 0)
    return fail(ErrorCategory::kUsage,
                fmt::format("{}: no row of split '{}' holds a word",
                            source.files().front().string(), splits.front().name),
                "give a file with text");
  for (TokenFileWriter& writer : writers)
    EDGETRAN_TRY(writer.finish(info.kind == Kind::kClassification ? label_names
                                                                  : std::vector<std::string>()));
  return {};
}

// Gives a vocabulary trainer the texts that it may see: those of the first split.
template <class Trainer>
Status add_first_split(const DataSource& source, Trainer& trainer) {
  const auto read = source.read([&](size_t split, const SourceRow& row) -> Status {
    if (split != 0) return {};
    trainer.add(row.first);
    trainer.add(row.second);
    return {};
  });
  return read ? Status() : Status(fail(read.error()));
}

}  // namespace

std::filesystem::path Prepared::file(std::string_view split) const {
  for (const Split& each : splits)
    if (each.name == split) return each.file;
  return {};
}

Result<Prepared> prepare(const DataSource& source, const Tokenizer& tokenizer,
                         const PrepareSettings& settings) {
  TokenFileInfo info;
  info.kind = settings.as_text ? Kind::kText : source.kind();
  info.vocabulary_size = tokenizer.vocabulary_size();
  info.special = tokenizer.special();
  info.max_length = info.kind == Kind::kText ? 0 : settings.max_length;
  const int64_t shortest = source.pairs() ? pair_overhead(tokenizer.pair_style()) : 2;
  if (info.kind != Kind::kText && info.max_length < shortest)
    return fail(ErrorCategory::kUsage,
                fmt::format("a row length of {} is too small; it holds at least {} special tokens",
                            info.max_length, shortest));
  EDGETRAN_ASSIGN(info.origin, identity(source));
  if (const auto subsets = source.subsets(); !subsets.empty()) info.origin["subsets"] = subsets;
  info.origin["tokenizer"] = tokenizer.content_hash();

  const auto folder = settings.cache_folder / cache_key({{"format", "edgetran.tokens/1"},
                                                         {"kind", kind_name(info.kind)},
                                                         {"max_length", info.max_length},
                                                         {"origin", info.origin}});
  Prepared prepared;
  for (const std::string& split : source.splits())
    prepared.splits.push_back({split, folder / (split + ".tokens")});
  prepared.from_cache = all_sound(prepared.splits);
  if (prepared.from_cache) return prepared;
  EDGETRAN_TRY(base::make_folder(folder));
  EDGETRAN_TRY(tokenize(source, tokenizer, info, prepared.splits));
  return prepared;
}

Result<std::filesystem::path> prepare_vocabulary(const DataSource& source,
                                                 const WordPieceTrainerSettings& settings,
                                                 const std::filesystem::path& cache_folder) {
  EDGETRAN_ASSIGN(Json origin, identity(source));
  const auto folder = cache_folder / cache_key({{"format", "edgetran.wordpiece/1"},
                                                {"origin", std::move(origin)},
                                                {"lower_case", settings.basic.lower_case},
                                                {"strip_accents", settings.basic.strip_accents},
                                                {"vocabulary_size", settings.vocabulary_size},
                                                {"min_frequency", settings.min_frequency},
                                                {"alphabet_limit", settings.alphabet_limit}});
  const std::filesystem::path file = folder / "vocab.txt";
  if (Vocabulary::load(file)) return file;
  WordPieceTrainer trainer(settings);
  EDGETRAN_TRY(add_first_split(source, trainer));
  EDGETRAN_ASSIGN(const Vocabulary vocabulary, trainer.train());
  EDGETRAN_TRY(base::make_folder(folder));
  EDGETRAN_TRY(base::write_file_atomic(file, vocabulary.text()));
  return file;
}

Result<std::filesystem::path> prepare_bpe(const DataSource& source,
                                          const BpeTrainerSettings& settings,
                                          const std::filesystem::path& cache_folder) {
  EDGETRAN_ASSIGN(Json origin, identity(source));
  const auto folder = cache_folder / cache_key({{"format", "edgetran.bpe/1"},
                                                {"origin", std::move(origin)},
                                                {"add_prefix_space", settings.bpe.add_prefix_space},
                                                {"vocabulary_size", settings.vocabulary_size},
                                                {"min_frequency", settings.min_frequency}});
  const std::filesystem::path file = folder / kTokenizerFile;
  if (load_tokenizer(file)) return file;
  BpeTrainer trainer(settings);
  EDGETRAN_TRY(add_first_split(source, trainer));
  EDGETRAN_ASSIGN(const BpeVocabulary vocabulary, trainer.train());
  EDGETRAN_TRY(base::make_folder(folder));
  EDGETRAN_TRY(base::write_file_atomic(file, bpe_tokenizer_json(vocabulary, settings.bpe)));
  return file;
}

}  // namespace edgetran::data
