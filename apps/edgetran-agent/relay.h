#pragma once

#include <string>

#include "base/process.h"
#include "wire/transport.h"

/// Carries bytes between a client and the standard streams of its session's process until one of
/// them ends, or `stop_descriptor` can be read. Holds one buffer of 64 KiB each way. Returns why it
/// ended, in words for the log.
std::string relay(edgetran::wire::Transport& client, edgetran::base::ChildProcess& session,
                  int stop_descriptor);
