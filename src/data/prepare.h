#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/bpe_trainer.h"
#include "data/source.h"
#include "data/tokenizer.h"
#include "data/wordpiece_trainer.h"

namespace edgetran::data {

struct PrepareSettings {
  std::filesystem::path cache_folder{};
  int64_t max_length = 128;  ///< longest row with special tokens; no limit for text
  bool as_text = false;      ///< read a labelled source as plain text, for pre-training
};

/// A source in token files, one a split.
struct Prepared {
  struct Split {
    std::string name;
    std::filesystem::path file;
  };
  std::vector<Split> splits;
  bool from_cache = false;  ///< nothing had to be read again

  /// The token file of a split; an empty path where there is no such split.
  std::filesystem::path file(std::string_view split) const;
};

/// Tokenises `source` into the cache folder. Files are named by a hash of the input files' bytes,
/// the source's settings, the tokenizer and the settings here, and appear whole or not at all;
/// where they are there and sound, the cost is that of hashing the input. Errors: those of the
/// source; a first split without rows; kResource where the disk is full.
base::Result<Prepared> prepare(const DataSource& source, const Tokenizer& tokenizer,
                               const PrepareSettings& settings);

/// Path of a `vocab.txt` trained on the texts of `source`'s first split, cached like token files.
base::Result<std::filesystem::path> prepare_vocabulary(const DataSource& source,
                                                       const WordPieceTrainerSettings& settings,
                                                       const std::filesystem::path& cache_folder);

/// Path of a `tokenizer.json` (byte-level BPE), made and cached in the same way.
base::Result<std::filesystem::path> prepare_bpe(const DataSource& source,
                                                const BpeTrainerSettings& settings,
                                                const std::filesystem::path& cache_folder);

/// Writes each split as FOLDER/SPLIT.tsv, "text<TAB>label" a row (a pair's texts as two columns),
/// for programs in other languages; tabs and line ends in texts become blanks.
base::Status write_tsv(const DataSource& source, const std::filesystem::path& folder);

}  // namespace edgetran::data
