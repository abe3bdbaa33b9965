#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "base/result.h"
#include "store/event_log.h"
#include "store/sqlite.h"
#include "store/study_view.h"

namespace edgetran::store {

/// Name of the projection's file within a study folder.
inline constexpr std::string_view kProjectionFile = "study.db";

/// The events of a study as SQLite tables (schema in projection_schema.cc), for views and for
/// people with SQL. Can always be made again from the log. Nothing in a log makes it fail: what
/// does not fit is kept as a note.
class Projection {
 public:
  /// Opens for writing; a missing, damaged or older database is made anew. One of a newer schema
  /// is kUsage.
  static base::Result<Projection> open(const std::filesystem::path& path);
  /// Opens as it is, for reading only.
  static base::Result<Projection> open_read_only(const std::filesystem::path& path);
  static base::Result<Projection> in_memory();

  /// Applies what is new in `events` (the whole log) in one transaction; starts over where the
  /// database holds another log's events.
  base::Status follow(const std::vector<StoredEvent>& events);
  /// True when the last applied event is the last of `events`.
  base::Result<bool> is_current(const std::vector<StoredEvent>& events) const;

  base::Result<StudyView> load() const;

 private:
  explicit Projection(Database database) : database_(std::move(database)) {}
  base::Status migrate();

  Database database_;
};

}  // namespace edgetran::store
