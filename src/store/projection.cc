#include "store/projection.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "store/event_projector.h"
#include "store/projection_schema.h"

namespace edgetran::store {

namespace fs = std::filesystem;
using base::ErrorCategory;
using base::Result;
using base::Status;

namespace {

constexpr const char* kWriterSettings =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
    "CREATE TABLE IF NOT EXISTS migrations(version INTEGER PRIMARY KEY)";

struct Position {
  int64_t line = 0;  // of the last applied event; 0: none
  std::string id;
};

Result<Position> position_of(const Database& database) {
  EDGETRAN_ASSIGN(Statement last,
                  database.prepare("SELECT line, id FROM events ORDER BY line DESC LIMIT 1"));
  EDGETRAN_ASSIGN(const bool found, last.step());
  return found ? Position{last.integer(0), last.text(1)} : Position{};
}

/// How many of `events` were applied; 0 where the database follows another log.
size_t applied_of(const Position& position, const std::vector<StoredEvent>& events) {
  if (position.line == 0) return 0;
  for (size_t i = events.size(); i-- > 0;) {
    if (events[i].line == position.line) return events[i].id == position.id ? i + 1 : 0;
  }
  return 0;
}

Result<int64_t> schema_version(const Database& database) {
  EDGETRAN_ASSIGN(Statement query, database.prepare("SELECT max(version) FROM migrations"));
  EDGETRAN_TRY(query.step());
  const int64_t version = query.integer(0);
  const auto known = static_cast<int64_t>(schema_migrations().size());
  if (version > known) {
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("{}: written by a newer version of EdgeTran (schema {}, this "
                                  "program knows up to {})",
                                  kProjectionFile, version, known),
                      "use the program that wrote it, or a newer one");
  }
  return version;
}

Status check_integrity(const Database& database) {
  EDGETRAN_ASSIGN(Statement check, database.prepare("PRAGMA quick_check(1)"));
  EDGETRAN_TRY(check.step());
  if (check.text(0) != "ok") return base::fail(ErrorCategory::kCorrupt, check.text(0));
  return {};
}

void remove_database(const fs::path& path) {
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(path.string() + suffix, ignored);
}

Result<Database> open_to_write(const fs::path& path) {
  EDGETRAN_ASSIGN(Database database, Database::open(path, Database::Mode::kCreate));
  EDGETRAN_TRY(database.execute(kWriterSettings));
  EDGETRAN_TRY(check_integrity(database));
  return database;
}

}  // namespace

Result<Projection> Projection::open(const fs::path& path) {
  const auto attempt = [&]() -> Result<Projection> {
    EDGETRAN_ASSIGN(Database database, open_to_write(path));
    Projection projection(std::move(database));
    EDGETRAN_TRY(projection.migrate());
    return projection;
  };
  Result<Projection> opened = attempt();
  // kFailed: a file that is a database but not one of ours.
  const bool useless = !opened && (opened.error().category == ErrorCategory::kCorrupt ||
                                   opened.error().category == ErrorCategory::kFailed);
  if (!useless) return opened;
  remove_database(path);
  return attempt();
}

Result<Projection> Projection::open_read_only(const fs::path& path) {
  EDGETRAN_ASSIGN(Database database, Database::open(path, Database::Mode::kReadOnly));
  EDGETRAN_ASSIGN(const int64_t version, schema_version(database));
  if (version != static_cast<int64_t>(schema_migrations().size())) {
    return base::fail(ErrorCategory::kFailed, path.string() + ": an older schema");
  }
  return Projection(std::move(database));
}

Result<Projection> Projection::in_memory() {
  EDGETRAN_ASSIGN(Database database, Database::in_memory());
  EDGETRAN_TRY(database.execute(kWriterSettings));
  Projection projection(std::move(database));
  EDGETRAN_TRY(projection.migrate());
  return projection;
}

Status Projection::migrate() {
  EDGETRAN_ASSIGN(const int64_t version, schema_version(database_));
  const auto& migrations = schema_migrations();
  if (version == static_cast<int64_t>(migrations.size())) return {};
  EDGETRAN_ASSIGN(Transaction transaction, Transaction::begin(database_));
  EDGETRAN_ASSIGN(Statement record, database_.prepare("INSERT INTO migrations VALUES(?)"));
  for (auto i = static_cast<size_t>(version); i < migrations.size(); ++i) {
    EDGETRAN_TRY(database_.execute(migrations[i]));
    EDGETRAN_TRY(record.bind(1, static_cast<int64_t>(i) + 1).run());
  }
  EDGETRAN_TRY(database_.execute(clear_statements()));
  return transaction.commit();
}

Status Projection::follow(const std::vector<StoredEvent>& events) {
  EDGETRAN_ASSIGN(Transaction transaction, Transaction::begin(database_));
  EDGETRAN_ASSIGN(const Position position, position_of(database_));
  const size_t applied = applied_of(position, events);
  if (applied == 0) EDGETRAN_TRY(database_.execute(clear_statements()));
  for (size_t i = applied; i < events.size(); ++i) {
    EDGETRAN_TRY(project_event(database_, events[i]));
  }
  return transaction.commit();
}

Result<bool> Projection::is_current(const std::vector<StoredEvent>& events) const {
  EDGETRAN_ASSIGN(const Position position, position_of(database_));
  return events.empty() ? position.line == 0 : applied_of(position, events) == events.size();
}

Result<StudyView> Projection::load() const { return load_study(database_); }

}  // namespace edgetran::store
