#pragma once

#include <filesystem>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/files.h"
#include "base/result.h"

namespace edgetran::profile {

/// The right of one client to use the board, kept alive by renewing it in time. An exclusive lease
/// also holds a lock file, so that no other agent process on the machine can have one at the same
/// time. Thread-safe.
class Lease {
 public:
  /// An empty `lock_file` makes leases exclusive within this process only.
  Lease(base::Clock& clock, std::filesystem::path lock_file);

  /// Takes the lease, or renews it, for `seconds` from now; renewing keeps it exclusive unless said
  /// otherwise. kResource: another process holds the board (its process id is in the message).
  base::Status take(double seconds, bool exclusive);
  /// Renews on the terms of the last take(). kUsage where there was none.
  base::Status renew();
  /// Whether it is held and not run out; one that ran out is given up.
  bool holds();
  bool exclusive();
  double seconds();
  /// Until it runs out; below 0: it has, and nobody has looked yet.
  double left_s();

 private:
  bool holds_locked();

  base::Clock& clock_;
  std::filesystem::path lock_file_;
  std::mutex mutex_;
  std::optional<base::FileLock> lock_;
  double seconds_ = 0;  ///< 0: never taken
  double until_s_ = 0;
  bool held_ = false;
  bool exclusive_ = false;
};

}  // namespace edgetran::profile
