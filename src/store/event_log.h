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

namespace edgetran::store {

/// One event as it stands in the log.
struct StoredEvent {
  std::string id;      ///< unique everywhere, sorts by time (base/id.h)
  double time_s = 0;   ///< seconds since 1970 UTC
  std::string type;    ///< "trial.trained", ...
  base::Json payload;  ///< an object
  int64_t line = 0;    ///< in the file, from 1 (line 1 is the header)
  bool operator==(const StoredEvent&) const = default;
};

/// The log as read: all whole events and what, if anything, a crash left behind them.
struct LogContents {
  std::vector<StoredEvent> events;
  uint64_t whole_bytes = 0;  ///< length of the header and all whole events
  std::string torn;          ///< bytes after them: an append that never finished; empty: none
};

/// Name of the log's file within a study folder.
inline constexpr std::string_view kLogFile = "events.jsonl";

/// Reads the log's text. A last line that is not whole is `torn`, not an error; a damaged line
/// before it is kCorrupt and named; a newer format version is kUsage ("written by a newer ...").
base::Result<LogContents> parse_event_log(std::string_view text, std::string_view name);

/// Reads the log of a study folder without locking it (a study may be running). kNotFound: none.
base::Result<LogContents> read_event_log(const std::filesystem::path& folder);

/// The append-only truth of a study: one JSON object a line with its own CRC-32. Holds an
/// exclusive lock on the folder while it lives. Not thread-safe.
class EventLog {
 public:
  /// Opens or creates the log (and the folder). A torn tail is cut off and kept beside the log in
  /// "events.torn"; recovered() then says so. Locked elsewhere: kResource. `ids` makes event ids:
  /// base::system_entropy(), or any stream in tests. `clock` outlives the log.
  static base::Result<EventLog> open(const std::filesystem::path& folder, const base::Clock& clock,
                                     base::RandomStream ids);
  EventLog(EventLog&&) noexcept;
  EventLog& operator=(EventLog&&) noexcept;
  ~EventLog();

  /// Writes the event and syncs it to the disk before it returns. On failure (disk full: kResource)
  /// the log is as it was before. After a failure that could not be undone every call fails.
  base::Result<StoredEvent> append(std::string_view type, base::Json payload);

  /// Events so far, in order.
  const std::vector<StoredEvent>& events() const;
  /// What opening had to repair; empty when nothing.
  const std::string& recovered() const;

 private:
  struct Impl;
  explicit EventLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace edgetran::store
