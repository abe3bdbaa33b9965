#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/result.h"

namespace edgetran::profile::sensors {

/// Whom a program that was started as root goes on as.
struct SensordUser {
  uid_t uid = 0;
  gid_t gid = 0;
};

/// The user of this name. kNotFound.
base::Result<SensordUser> find_user(const std::string& name);
/// The group of this name. kNotFound.
base::Result<gid_t> find_group(const std::string& name);

/// The capabilities of this process as bits, by the kernel's own word.
struct Capabilities {
  uint64_t permitted = 0;
  uint64_t effective = 0;
  uint64_t inheritable = 0;
};
base::Result<Capabilities> read_capabilities();

/// Gives up everything but CAP_DAC_READ_SEARCH, for good: no new privileges, no other capability in
/// any set, no core files, few descriptors; and, where the process is root's, the uid and gid of
/// `user` and no further groups (root may write what it owns without any capability). Then asks the
/// kernel whether it is so. kPermission: it is not, and the process must not go on.
base::Status drop_privileges(const SensordUser& user);

/// Whether this process may read what only root may. False is no danger, but it cannot do its work.
bool may_read_all();

}  // namespace edgetran::profile::sensors
