#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/study_view.h"

namespace edgetran::store {

/// True for 64 lower-case hex digits.
bool is_sha256(std::string_view text);

/// Files named by their content: artifacts/ab/cdef... of their SHA-256. A file that is there is
/// whole; putting the same content twice stores it once.
class Artefacts {
 public:
  explicit Artefacts(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Stores and returns the 64 hex digits.
  base::Result<std::string> put_bytes(std::string_view bytes);
  base::Result<std::string> put_file(const std::filesystem::path& file);
  /// Where the content stands; kNotFound, or kUsage for something that is not a SHA-256.
  base::Result<std::filesystem::path> path(std::string_view sha256) const;
  /// The content, checked against its name: kCorrupt where it differs.
  base::Result<std::string> get(std::string_view sha256) const;
  base::Status verify(std::string_view sha256) const;
  /// All names, ascending.
  base::Result<std::vector<std::string>> list() const;

  struct Collected {
    int64_t files = 0;
    uint64_t bytes = 0;
  };
  /// Removes everything not in `keep`. Never called by itself.
  base::Result<Collected> collect_garbage(const std::set<std::string>& keep);

 private:
  std::filesystem::path folder_;
};

/// The retention rule: which artefacts of a study must stay. Kept: everything that measurements,
/// deployments, baselines, the configuration and the result refer to; the last model of each trial
/// that may still go on (waiting, running, failed); the last models of the `best` finished trials
/// by the first objective (stopped or complete). Older rungs' models may go.
std::set<std::string> retained_artefacts(const StudyView& study, int64_t best = 3);

}  // namespace edgetran::store
