#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "base/result.h"
#include "base/settings.h"
#include "data/token_file.h"

namespace edgetran::data {

/// One row of a data set; the views last until the visitor returns.
struct SourceRow {
  std::string_view first;
  std::string_view second;  ///< only of sources with pairs()
  int32_t label = 0;        ///< kClassification
  float score = 0;          ///< kRegression
};

/// Takes rows; `split` is an index into DataSource::splits(). An error ends the reading.
using RowVisitor = std::function<base::Status(size_t split, const SourceRow& row)>;

/// A data set before tokenisation. A new kind of data is one source file with a make_*_source()
/// and a line in the registry (source.cc). Making one reads nothing; thread-safe.
class DataSource {
 public:
  virtual ~DataSource() = default;
  virtual Kind kind() const = 0;
  /// Rows have a second text.
  virtual bool pairs() const { return false; }
  /// "train", "dev", "test", ... in the order that RowVisitor counts.
  virtual std::vector<std::string> splits() const = 0;
  /// The splits whose file calls itself a part of the data set ("train_subset.tsv"): results from
  /// them say so, because they do not compare with published ones.
  virtual std::vector<std::string> subsets() const { return {}; }
  /// The files whose bytes decide the rows.
  virtual std::vector<std::filesystem::path> files() const = 0;
  /// All else that decides the rows, "source" (its registry name) among it.
  virtual base::Json settings() const = 0;
  /// Visits every row of every split, always in the same order. Returns the label names
  /// (kClassification). Errors name file and row.
  virtual base::Result<std::vector<std::string>> read(const RowVisitor& visit) const = 0;
};

/// WordNet's glosses with their lexicographer file as class (Fellbaum, 1998; 45 classes, named
/// "noun.05" by part of speech and number, since the package does not hold the files' names).
struct WordNetSettings {
  std::string folder = "/usr/share/wordnet";  ///< holds data.noun, data.verb, data.adj, data.adv
  int64_t seed = 1;
  double dev_share = 0.05;
  double test_share = 0.05;
};
/// Every setting of it, for configurations and help.
base::Settings<WordNetSettings> wordnet_settings();
/// Splits "train", "dev" and "test" by a hash of (seed, gloss): equal glosses share a split.
std::unique_ptr<DataSource> make_wordnet_source(WordNetSettings settings);

/// Plain UTF-8 text for pre-training, as it is or compressed (.xz). Documents are set apart by
/// blank lines; in a text without blank lines each line is one.
struct TextSettings {
  std::string file = {};
  std::string valid_file = {};  ///< empty: the last valid_share of `file`'s documents
  double valid_share = 0.02;    ///< by bytes
};
/// The settings but `file`, for configurations and help.
base::Settings<TextSettings> text_settings();
/// Splits "train" and "valid".
std::unique_ptr<DataSource> make_text_source(TextSettings settings);

/// A CSV, TSV or JSONL file a split, each as it is or compressed (.xz).
struct TableSettings {
  struct Split {
    std::string name;
    std::string file;
  };
  std::vector<Split> splits = {};
  std::vector<std::string> text_columns = {};  ///< one or two
  std::string label_column = {};
  Kind kind = Kind::kClassification;  ///< or kRegression
  /// Known classes; empty: those of the first split, numbers in their order, else by bytes. A label
  /// that is not known is an error with its row.
  std::vector<std::string> label_names = {};
  bool header = true;  ///< false: columns are named by number from 1
  /// Columns by number, texts then label: for a file whose first line does not name them all.
  /// Empty: such a file is an error.
  std::vector<std::string> numbers = {};
  double low = -std::numeric_limits<double>::infinity();  ///< scores outside are errors
  double high = std::numeric_limits<double>::infinity();
  bool empty_texts = true;  ///< false: a text without a character but blanks is an error
  bool short_rows = false;  ///< rows with too few columns are skipped, up to one in a thousand
};
std::unique_ptr<DataSource> make_table_source(TableSettings settings);
/// What the label column of the first split holds: scores where every label is a number and one at
/// least is not whole, else classes. Errors as reading the split.
base::Result<Kind> detect_kind(const TableSettings& settings);

/// A source as a configuration describes it: {source: wordnet|text|table, and its settings}.
base::Result<std::unique_ptr<DataSource>> make_source(const base::ConfigValue& description);

}  // namespace edgetran::data
