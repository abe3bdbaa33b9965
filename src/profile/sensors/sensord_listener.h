#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>

#include "base/descriptor.h"
#include "base/result.h"

namespace edgetran::profile::sensors {

/// A listening socket of the helper.
struct SensordListener {
  base::Descriptor descriptor;
  std::filesystem::path path;  ///< of the socket's file
  bool own = true;             ///< made here, so removed at the end; systemd's is systemd's
};

/// The socket that systemd passes to this process (LISTEN_FDS); nullopt where it passes none.
/// kUsage: what it passes is not one listening Unix socket of the type SOCK_SEQPACKET.
base::Result<std::optional<SensordListener>> inherited_listener();

/// Makes the socket: mode 0660, group `group`; its folder too where it is missing, owned by
/// `owner`, who is to remove the socket at the end. A socket file that nobody listens on any more
/// is replaced. kResource: another process listens there; kUsage: the path is something else or too
/// long; kPermission.
base::Result<SensordListener> make_listener(const std::filesystem::path& path,
                                            std::optional<gid_t> group, std::optional<uid_t> owner);

/// Removes the file of a socket that was made here. kPermission where the folder is another's.
base::Status remove_socket(const SensordListener& listener);

}  // namespace edgetran::profile::sensors
