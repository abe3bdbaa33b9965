#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <list>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/log.h"
#include "base/result.h"
#include "profile/sensors/sensord_catalogue.h"
#include "profile/sensors/sensord_listener.h"
#include "profile/sensors/sensord_protocol.h"

namespace edgetran::profile::sensors {

struct SensordOptions {
  /// A counter is read at most so often, for all clients together, and a client is answered at most
  /// so often. Power read finely gives away what other processes compute (Platypus, CVE-2020-8694:
  /// keys, from differences over 50 us to 1 ms). 1 ms is the coarsest that measuring can take: the
  /// error at the edges of the shortest window, 0.2 s, is then 2 x 1 ms / 0.2 s = 1 %.
  double interval_s = 1e-3;
  /// A client that says nothing for so long after it connected is sent away.
  double open_within_s = 5;
  /// A client reads one file: 16 are a machine with 5 zones a package on 2 packages, and some.
  size_t clients = 64;
  size_t clients_of_a_user = 32;
};

using SensordLog = std::function<void(base::LogLevel, std::string_view)>;

/// The helper's loop: one thread, no waiting but in poll, memory bounded by `clients`. Every packet
/// is answered or ends its client, and nothing that a client does or leaves undone holds up
/// another.
class SensordServer {
 public:
  SensordServer(SensordListener& listener, SensordCatalogue& catalogue, SensordOptions options,
                base::Clock& clock, SensordLog log);

  /// Serves until `stop` is readable. kResource where the system does not let it wait.
  base::Status run(int stop);

 private:
  struct Peer {
    pid_t pid = 0;
    uid_t uid = 0;
    gid_t gid = 0;
    std::string text() const;  ///< "pid 7, uid 1000, gid 1000"
  };
  struct Client {
    base::Descriptor socket;
    Peer peer;
    std::string name;      ///< what it opened; empty: nothing yet
    double due_s = 0;      ///< it is not listened to, nor answered, before
    double open_by_s = 0;  ///< while it has opened nothing
    bool waiting = false;  ///< for a reading
    bool dropped = false;
  };

  base::Status wait(int stop, bool& stopped);
  void accept_one(double now_s);
  bool admit(const Client& client);
  void hear(Client& client, double now_s);
  void open(Client& client, std::string_view name);
  void answer_read(Client& client, double now_s);
  void send(Client& client, SensordStatus status, std::string_view text);
  void drop(Client& client, std::string_view reason, base::LogLevel level = base::LogLevel::kInfo);
  double wait_s(double now_s) const;

  SensordListener& listener_;
  SensordCatalogue& catalogue_;
  SensordOptions options_;
  base::Clock& clock_;
  SensordLog log_;
  std::list<Client> clients_;
  double accept_due_s_ = 0;
};

}  // namespace edgetran::profile::sensors
