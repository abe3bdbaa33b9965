#include "store/event_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "base/descriptor.h"
#include "base/files.h"
#include "base/id.h"
#include "base/system_error.h"
#include "base/version.h"
#include "store/event_line.h"

namespace edgetran::store {

namespace fs = std::filesystem;
using base::ErrorCategory;
using base::Json;
using base::Result;
using base::Status;

namespace {

constexpr std::string_view kLockFile = "lock";
constexpr std::string_view kTornFile = "events.torn";
constexpr mode_t kFileMode = 0644;

Status write_all(int descriptor, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return base::fail(base::system_error("cannot write", path, errno));
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Status sync(int descriptor, const fs::path& path) {
  if (::fdatasync(descriptor) != 0) {
    return base::fail(base::system_error("cannot sync", path, errno));
  }
  return {};
}

Status cut(int descriptor, uint64_t length, const fs::path& path) {
  if (::ftruncate(descriptor, static_cast<off_t>(length)) != 0) {
    return base::fail(base::system_error("cannot shorten", path, errno));
  }
  return sync(descriptor, path);
}

Status create_log(const fs::path& path, double unix_time_s) {
  Json header;
  header["format"] = kLogFormat;
  header["program"] = base::kVersion;
  header["created_s"] = unix_time_s;
  return base::write_file_atomic(path, seal_line(header));
}

/// The log itself is locked too: who removes the file `lock` while a program writes must not let a
/// second one in.
Status lock_log(int descriptor, const fs::path& path) {
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return {};
  if (errno != EWOULDBLOCK) return base::fail(base::system_error("cannot lock", path, errno));
  return base::fail(ErrorCategory::kResource,
                    path.string() + " is being written by another process",
                    "wait until that process has ended, or stop it; leave its file \"lock\" alone");
}

}  // namespace

struct EventLog::Impl {
  Impl(base::FileLock held, const base::Clock& clock_used, base::RandomStream stream)
      : lock(std::move(held)), clock(&clock_used), ids(stream) {}

  ~Impl() {
    // By hand: a child between fork and exec may hold a copy for a moment longer.
    if (file.valid()) ::flock(file.get(), LOCK_UN);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  /// Cuts off what an append that never finished left, after keeping a copy.
  Status repair(const LogContents& contents) {
    if (contents.torn.empty()) return {};
    const fs::path kept = path.parent_path() / kTornFile;
    EDGETRAN_TRY(base::write_file_atomic(kept, contents.torn));
    EDGETRAN_TRY(cut(file.get(), contents.whole_bytes, path));
    recovered = fmt::format(
        "{}: dropped {} bytes of an event that was never completely written (kept in {})",
        path.string(), contents.torn.size(), kTornFile);
    return {};
  }

  base::FileLock lock;
  const base::Clock* clock;
  base::RandomStream ids;
  fs::path path;
  base::Descriptor file;
  uint64_t length = 0;
  bool broken = false;  // a failed append could not be undone
  std::vector<StoredEvent> events;
  std::string recovered;
};

EventLog::EventLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EventLog::EventLog(EventLog&&) noexcept = default;
EventLog& EventLog::operator=(EventLog&&) noexcept = default;
EventLog::~EventLog() = default;

Result<EventLog> EventLog::open(const fs::path& folder, const base::Clock& clock,
                                base::RandomStream ids) {
  EDGETRAN_TRY(base::make_folder(folder));
  EDGETRAN_ASSIGN(base::FileLock lock, base::FileLock::acquire(folder / kLockFile));
  auto impl = std::make_unique<Impl>(std::move(lock), clock, ids);
  impl->path = folder / kLogFile;
  std::error_code ignored;
  if (!fs::exists(impl->path, ignored)) {
    EDGETRAN_TRY(create_log(impl->path, clock.unix_time_s()));
  }
  impl->file =
      base::Descriptor(::open(impl->path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC, kFileMode));
  if (!impl->file.valid()) {
    return base::fail(base::system_error("cannot open", impl->path, errno));
  }
  EDGETRAN_TRY(lock_log(impl->file.get(), impl->path));
  EDGETRAN_ASSIGN(LogContents contents, read_event_log(folder));
  EDGETRAN_TRY(impl->repair(contents));
  impl->length = contents.whole_bytes;
  impl->events = std::move(contents.events);
  return EventLog(std::move(impl));
}

Result<StoredEvent> EventLog::append(std::string_view type, Json payload) {
  Impl& log = *impl_;
  EDGETRAN_CHECK(!type.empty() && payload.is_object(), "an event is a type and an object");
  if (log.broken) {
    return base::fail(ErrorCategory::kResource,
                      log.path.string() + ": an earlier write failed and could not be undone",
                      "free some disk space, then run the same command again");
  }
  StoredEvent event{.id = base::make_id(*log.clock, log.ids),
                    .time_s = log.clock->unix_time_s(),
                    .type = std::string(type),
                    .payload = std::move(payload),
                    .line = static_cast<int64_t>(log.events.size()) + 2};
  const std::string line = seal_line(event_json(event));
  Status written = write_all(log.file.get(), line, log.path);
  if (written) written = sync(log.file.get(), log.path);
  if (!written) {
    log.broken = !cut(log.file.get(), log.length, log.path);
    return base::fail(std::move(written).error());
  }
  log.length += line.size();
  log.events.push_back(event);
  return event;
}

const std::vector<StoredEvent>& EventLog::events() const { return impl_->events; }
const std::string& EventLog::recovered() const { return impl_->recovered; }

Result<LogContents> read_event_log(const fs::path& folder) {
  const fs::path path = folder / kLogFile;
  EDGETRAN_ASSIGN(const std::string text, base::read_file(path));
  return parse_event_log(text, path.string());
}

}  // namespace edgetran::store
