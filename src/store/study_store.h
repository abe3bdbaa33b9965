#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/random.h"
#include "base/result.h"
#include "store/artefacts.h"
#include "store/event_log.h"
#include "store/study_view.h"

namespace edgetran::store {

/// A study folder opened for writing: the event log (the truth, locked), its SQLite projection
/// (study.db) and its artefacts. Not thread-safe.
class StudyStore {
 public:
  static base::Result<StudyStore> open(const std::filesystem::path& folder,
                                       const base::Clock& clock, base::RandomStream ids);
  StudyStore(StudyStore&&) noexcept;
  StudyStore& operator=(StudyStore&&) noexcept;
  ~StudyStore();

  /// Checks the payload against its type (study_events.h), logs it durably, then projects it. An
  /// unknown type or a payload that does not fit is kUsage and leaves nothing behind.
  base::Status append(std::string_view type, base::Json payload);
  /// Events so far, in order: what a resumed study replays.
  const std::vector<StoredEvent>& events() const;
  /// What opening had to repair; empty when nothing.
  const std::string& recovered() const;
  base::Result<StudyView> view() const;
  Artefacts& artefacts();
  const std::filesystem::path& folder() const;

 private:
  struct Impl;
  explicit StudyStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The view of a study folder, for readers: from the projection where it holds all of the log,
/// else from the log. Writes nothing; works while a study is running. kNotFound: no study there.
base::Result<StudyView> read_study(const std::filesystem::path& folder);

}  // namespace edgetran::store
