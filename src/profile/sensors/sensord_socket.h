#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <ctime>
#include <filesystem>
#include <string>

#include "base/descriptor.h"
#include "base/result.h"

namespace edgetran::profile::sensors {

/// The address of a socket's file. kUsage: longer than the kernel takes (107 bytes).
base::Result<sockaddr_un> socket_address(const std::filesystem::path& path);

/// Connects to the helper's socket; invalid and errno where that fails. Nothing on it waits longer
/// than `patience_s`.
base::Descriptor connect_sensord(const std::filesystem::path& path, time_t patience_s);
/// From now on.
void set_patience(int socket, time_t patience_s);

}  // namespace edgetran::profile::sensors
