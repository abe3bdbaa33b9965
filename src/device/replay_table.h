#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "device/card.h"
#include "space/model_spec.h"

namespace edgetran::device {

/// One measurement of a table.
struct ReplayRow {
  std::string name;  ///< for messages: the published key, or "line 12"
  std::string hash;  ///< canonical_hash of the spec
  space::ModelSpec spec;
  std::string text;  ///< the row as JSON in one line

  // Published tables: a sequence, at the table's batch.
  double latency_s = 0;
  std::optional<double> energy_j;
  std::optional<double> peak_w;

  // Tables of ours.
  base::Json record;   ///< edgetran.measurement/1 or /2; null in published tables
  std::string device;  ///< label of its board
  Deployment setting;  ///< runtime, precision, threads, batch, length
  double median_s = 0;
  bool invalid = false;  ///< verdict INVALID: kept for messages, never an answer
};

/// A table of measurements, in memory, indexed by model. Immutable; thread-safe.
class ReplayTable {
 public:
  enum class Format : uint8_t {
    kPublished,     ///< the ProTran sets: {key: {model_dict, ..., performance}}
    kMeasurements,  ///< edgetran.measurements/1, JSON lines
  };

  /// Tells the format by its first line. kNotFound: no file. kCorrupt, with the row: what is no
  /// table, damaged or repeated rows, figures that are negative or not finite.
  static base::Result<ReplayTable> read(const std::filesystem::path& path);
  static base::Result<ReplayTable> parse(std::string_view text, const std::filesystem::path& path);

  Format format() const { return format_; }
  const std::string& file() const { return file_; }  ///< its name without folders
  const std::string& sha256() const { return sha256_; }
  const std::vector<ReplayRow>& rows() const { return rows_; }
  /// Runs behind each figure, where the published name says it.
  std::optional<int64_t> runs() const { return runs_; }

  /// The rows of this model in this setting, in the table's order; at least one. Published tables
  /// know the model and, by their name, the batch; the length is the publication's, 128. `device`
  /// chooses among the boards of a table, empty where it has one. kUsage: a published table of
  /// another batch or length, or a device that must be said; kNotFound with the number of rows and
  /// the nearest model, or the settings in which the model was measured.
  base::Result<std::vector<const ReplayRow*>> find(const space::ModelSpec& spec,
                                                   const Deployment& deployment,
                                                   const std::string& device) const;
  /// Rows that could answer a deployment, of whatever model; errors as of find, but kNotFound.
  base::Result<int64_t> count(const Deployment& deployment, const std::string& device) const;

 private:
  base::Status check_setting(const Deployment& deployment) const;
  base::Status check_device(const std::string& device) const;
  base::Error no_row(const space::ModelSpec& spec) const;

  Format format_ = Format::kPublished;
  std::string file_;
  std::string sha256_;
  std::optional<int64_t> batch_, runs_;
  std::vector<ReplayRow> rows_;
  std::unordered_map<std::string, std::vector<size_t>> by_hash_;
};

/// In how many places two specs differ: sizes, head types of a layer taken as a set, whole layers.
int64_t spec_distance(const space::ModelSpec& a, const space::ModelSpec& b);

}  // namespace edgetran::device
