#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/descriptor.h"
#include "base/result.h"

namespace edgetran::wire {

/// What a stream must become before it can go on.
enum class Want : uint8_t { kNothing, kReadable, kWritable };

/// What one read or write moved. Without bytes it ended, or says what to wait for.
struct Portion {
  size_t bytes = 0;
  Want want = Want::kNothing;
  bool ended = false;  ///< reading: the peer says no more
};

/// A stream of bytes both ways that never blocks and never raises SIGPIPE. read() may run in one
/// thread while write() runs in another; each from one thread at a time.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Errors: kProtocol where the peer vanished, kPermission where it refused our certificate.
  virtual base::Result<Portion> read(std::span<char> room) = 0;
  /// A portion without bytes always wants something; the next write must then begin with the same
  /// bytes.
  virtual base::Result<Portion> write(std::string_view bytes) = 0;
  /// What to poll for `want`.
  virtual int descriptor(Want want) const = 0;
  /// Tells the peer that nothing more will be written; what it sends can still be read.
  virtual void finish() = 0;
};

/// A pair of descriptors (pipes, sockets; one may serve both ways). Does not own them; they are
/// made non-blocking for its life and restored at its end.
std::unique_ptr<Transport> descriptor_transport(int read_descriptor, int write_descriptor);

/// A socket of its own, closed at the end.
std::unique_ptr<Transport> socket_transport(base::Descriptor socket);

enum class Waited : uint8_t { kReady, kTimeout, kStopped };

/// Waits until `descriptor` is as wanted, `deadline_s` of the monotonic clock has passed, or
/// `stop_descriptor` (-1: none) can be read.
base::Result<Waited> wait_for(int descriptor, Want want, double deadline_s,
                              int stop_descriptor = -1);

}  // namespace edgetran::wire
