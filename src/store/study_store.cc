#include "store/study_store.h"

#include <utility>

#include "store/projection.h"
#include "store/study_events.h"

namespace edgetran::store {

namespace fs = std::filesystem;
using base::Result;

namespace {

constexpr std::string_view kArtefactFolder = "artifacts";

}  // namespace

struct StudyStore::Impl {
  fs::path folder;
  EventLog log;
  Projection projection;
  Artefacts artefacts;
};

StudyStore::StudyStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StudyStore::StudyStore(StudyStore&&) noexcept = default;
StudyStore& StudyStore::operator=(StudyStore&&) noexcept = default;
StudyStore::~StudyStore() = default;

Result<StudyStore> StudyStore::open(const fs::path& folder, const base::Clock& clock,
                                    base::RandomStream ids) {
  EDGETRAN_ASSIGN(EventLog log, EventLog::open(folder, clock, ids));
  EDGETRAN_ASSIGN(Projection projection, Projection::open(folder / kProjectionFile));
  EDGETRAN_TRY(projection.follow(log.events()));
  return StudyStore(std::make_unique<Impl>(
      Impl{folder, std::move(log), std::move(projection), Artefacts(folder / kArtefactFolder)}));
}

base::Status StudyStore::append(std::string_view type, base::Json payload) {
  EDGETRAN_TRY(check_study_event(type, payload));
  EDGETRAN_TRY(impl_->log.append(type, std::move(payload)));
  return impl_->projection.follow(impl_->log.events());
}

const std::vector<StoredEvent>& StudyStore::events() const { return impl_->log.events(); }
const std::string& StudyStore::recovered() const { return impl_->log.recovered(); }
Artefacts& StudyStore::artefacts() { return impl_->artefacts; }
const fs::path& StudyStore::folder() const { return impl_->folder; }

Result<StudyView> StudyStore::view() const {
  EDGETRAN_ASSIGN(StudyView view, impl_->projection.load());
  if (!recovered().empty()) view.notes.push_back(recovered());
  return view;
}

namespace {

/// From the database as it stands, where it holds all of the log.
Result<StudyView> read_projection(const fs::path& path, const std::vector<StoredEvent>& events) {
  EDGETRAN_ASSIGN(const Projection projection, Projection::open_read_only(path));
  EDGETRAN_ASSIGN(const bool current, projection.is_current(events));
  if (!current) return base::fail(base::ErrorCategory::kFailed, "the projection is behind the log");
  return projection.load();
}

Result<StudyView> project_in_memory(const std::vector<StoredEvent>& events) {
  EDGETRAN_ASSIGN(Projection projection, Projection::in_memory());
  EDGETRAN_TRY(projection.follow(events));
  return projection.load();
}

}  // namespace

Result<StudyView> read_study(const fs::path& folder) {
  EDGETRAN_ASSIGN(const LogContents log, read_event_log(folder));
  Result<StudyView> view = read_projection(folder / kProjectionFile, log.events);
  // A newer program's folder is refused as a whole; anything else the log alone can answer.
  const bool refused = !view && view.error().category == base::ErrorCategory::kUsage;
  if (!view && !refused) view = project_in_memory(log.events);
  return view;
}

}  // namespace edgetran::store
