#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/token_file.h"

namespace edgetran::data {

/// A task of GLUE (Wang et al., 2019, arXiv 1804.07461): how its files are laid out and what is
/// reported. Facts only; one reader serves them all (glue_source.h).
struct GlueTask {
  std::string name;                       ///< as GLUE writes it, also the folder: "SST-2"
  std::vector<std::string> text_columns;  ///< one or two, by name in the header
  std::string label_column;               ///< class or score
  Kind kind = Kind::kClassification;      ///< or kRegression
  std::vector<std::string> labels;        ///< as the files spell them, in the order of their ids
  std::vector<std::string> metrics;       ///< what GLUE reports, by the names of our results
  /// Columns by number from 1, texts then label, for official files that have no header line.
  std::vector<std::string> numbers = {};
  /// Splits to evaluate on, the main one first; each is a file's name.
  std::vector<std::string> dev_files = {"dev"};
  double low = -std::numeric_limits<double>::infinity();  ///< of a score
  double high = std::numeric_limits<double>::infinity();
  bool empty_texts = false;  ///< the official file has rows with an empty text
  bool short_rows = false;   ///< the official file has rows with too few columns, to be skipped
};

/// The nine tasks, in GLUE's order.
const std::vector<GlueTask>& glue_tasks();

/// The task of this name; case, '-' and '_' do not matter ("sst2"). kUsage names the nearest.
base::Result<const GlueTask*> find_glue_task(std::string_view name);

}  // namespace edgetran::data
