#pragma once

#include "base/result.h"
#include "store/event_log.h"
#include "store/sqlite.h"
#include "store/study_view.h"

namespace edgetran::store {

/// Writes one event into the tables. An event that does not fit (unknown type or trial, members
/// missing) becomes a note; errors are the database's only.
base::Status project_event(const Database& database, const StoredEvent& event);

/// Reads the tables back.
base::Result<StudyView> load_study(const Database& database);

}  // namespace edgetran::store
