#include "profile/sensors/sensord_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <ctime>
#include <limits>
#include <utility>
#include <vector>

#include "base/system_error.h"
#include "base/text.h"

namespace edgetran::profile::sensors {

namespace {

using base::LogLevel;

constexpr double kNever_s = std::numeric_limits<double>::infinity();

/// Whether the peer of `socket` is in `group`, by its main group or a further one, as the kernel
/// knew them when it connected.
bool in_group(int socket, gid_t main, gid_t group) {
  if (main == group) return true;
  std::vector<gid_t> groups(64);
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto bytes = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &bytes) == 0) {
      groups.resize(bytes / sizeof(gid_t));
      return std::find(groups.begin(), groups.end(), group) != groups.end();
    }
    if (errno != ERANGE) return false;
    groups.resize(bytes / sizeof(gid_t));  // it said how many there are
  }
  return false;
}

}  // namespace

std::string SensordServer::Peer::text() const {
  return fmt::format("pid {}, uid {}, gid {}", pid, uid, gid);
}

SensordServer::SensordServer(SensordListener& listener, SensordCatalogue& catalogue,
                             SensordOptions options, base::Clock& clock, SensordLog log)
    : listener_(listener),
      catalogue_(catalogue),
      options_(options),
      clock_(clock),
      log_(std::move(log)) {}

base::Status SensordServer::run(int stop) {
  bool stopped = false;
  while (!stopped) EDGETRAN_TRY(wait(stop, stopped));
  clients_.clear();
  return {};
}

/// How long there is nothing to do unless a descriptor says otherwise.
double SensordServer::wait_s(double now_s) const {
  double until_s = accept_due_s_ > now_s ? accept_due_s_ : kNever_s;
  for (const Client& client : clients_) {
    if (client.waiting || client.due_s > now_s) until_s = std::min(until_s, client.due_s);
    if (client.name.empty()) until_s = std::min(until_s, client.open_by_s);
  }
  return std::max(0.0, until_s - now_s);
}

/// One pass: waits, then takes what is ready. All that is served in a pass has one `now`, so that
/// clients of one file share its reading.
base::Status SensordServer::wait(int stop, bool& stopped) {
  double now_s = clock_.now_s();
  std::vector<pollfd> polled = {
      {stop, POLLIN, 0},
      {listener_.descriptor.get(), static_cast<short>(now_s < accept_due_s_ ? 0 : POLLIN), 0}};
  for (const Client& client : clients_) {
    const bool heard = !client.waiting && client.due_s <= now_s;
    polled.push_back({client.socket.get(), static_cast<short>(heard ? POLLIN : 0), 0});
  }
  const double timeout_s = wait_s(now_s);
  timespec timeout{};
  const bool limited = std::isfinite(timeout_s);
  if (limited) {
    constexpr double kNanoseconds = 1e9;
    const double whole_s = std::floor(timeout_s);
    timeout.tv_sec = static_cast<time_t>(whole_s);
    timeout.tv_nsec = static_cast<long>((timeout_s - whole_s) * kNanoseconds);
  }
  if (::ppoll(polled.data(), polled.size(), limited ? &timeout : nullptr, nullptr) < 0) {
    if (errno == EINTR) return {};
    return base::fail(base::ErrorCategory::kResource,
                      fmt::format("cannot wait for clients: {}", base::system_message(errno)));
  }
  stopped = polled[0].revents != 0;
  if (stopped) return {};
  now_s = clock_.now_s();
  size_t place = 2;
  for (Client& client : clients_) {
    const short events = polled[place++].revents;
    if ((events & POLLIN) != 0) {
      hear(client, now_s);
    } else if ((events & (POLLHUP | POLLERR)) != 0) {
      drop(client, "left");
    } else if (client.name.empty() && now_s >= client.open_by_s) {
      drop(client, "opened nothing in time", LogLevel::kWarning);
    }
    if (client.waiting && !client.dropped && now_s >= client.due_s) answer_read(client, now_s);
  }
  clients_.remove_if([](const Client& client) { return client.dropped; });
  if ((polled[1].revents & POLLIN) != 0) accept_one(now_s);
  return {};
}

/// One in an interval, so that a flood of connections is no flood of work or of log lines.
void SensordServer::accept_one(double now_s) {
  accept_due_s_ = now_s + options_.interval_s;
  Client client;
  client.socket = base::Descriptor(
      ::accept4(listener_.descriptor.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!client.socket.valid()) return;  // gone again, or no descriptor left: the next one may fit
  ucred who{};
  socklen_t size = sizeof(who);
  if (::getsockopt(client.socket.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return;
  client.peer = {who.pid, who.uid, who.gid};
  if (!admit(client)) return;
  client.open_by_s = now_s + options_.open_within_s;
  log_(LogLevel::kInfo, fmt::format("{}: connected", client.peer.text()));
  clients_.push_back(std::move(client));
}

/// The socket's mode lets in whom it should; this holds if somebody changes it.
bool SensordServer::admit(const Client& client) {
  struct stat status {};
  const bool known = ::stat(listener_.path.c_str(), &status) == 0;
  const Peer& peer = client.peer;
  const bool allowed = peer.uid == 0 || peer.uid == ::geteuid() ||
                       (known && in_group(client.socket.get(), peer.gid, status.st_gid));
  if (!allowed) {
    log_(LogLevel::kWarning,
         fmt::format("{}: refused, it is not in the socket's group", peer.text()));
    return false;
  }
  const auto same = std::count_if(clients_.begin(), clients_.end(),
                                  [&](const Client& other) { return other.peer.uid == peer.uid; });
  if (clients_.size() < options_.clients &&
      static_cast<size_t>(same) < options_.clients_of_a_user) {
    return true;
  }
  log_(LogLevel::kWarning, fmt::format("{}: refused, there are {} clients, {} of this user",
                                       peer.text(), clients_.size(), same));
  const std::string reply = sensord_reply(SensordStatus::kBusy);
  ::send(client.socket.get(), reply.data(), reply.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return false;
}

void SensordServer::hear(Client& client, double now_s) {
  std::array<char, kSensordPacketBytes + 1> packet;
  const ssize_t count =
      ::recv(client.socket.get(), packet.data(), packet.size(), MSG_DONTWAIT | MSG_TRUNC);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return drop(client, "left");
  const size_t size = std::min(static_cast<size_t>(count), packet.size());
  const std::string_view text(packet.data(), size);
  const auto request = size > kSensordPacketBytes ? std::nullopt : parse_sensord_request(text);
  client.due_s = now_s + options_.interval_s;
  const bool opens = request && request->verb == SensordRequest::Verb::kOpen;
  if (!request || opens != client.name.empty()) {
    return drop(client,
                fmt::format("dropped, it sent {} bytes that are no request: {}", count,
                            base::in_quotes(text)),
                LogLevel::kWarning);
  }
  if (opens) return open(client, request->name);
  client.waiting = true;
  client.due_s = now_s;
}

void SensordServer::open(Client& client, std::string_view name) {
  std::string wanted(name);
  if (catalogue_.find(wanted) == nullptr) {
    log_(LogLevel::kWarning, fmt::format("{}: refused {}", client.peer.text(), wanted));
    send(client, SensordStatus::kNotListed, {});
    return drop(client, "sent away");
  }
  log_(LogLevel::kInfo, fmt::format("{}: reads {}", client.peer.text(), wanted));
  client.name = std::move(wanted);
  send(client, SensordStatus::kOk, {});
}

/// A fresh reading, one made in this pass for another client, or a later time to try.
void SensordServer::answer_read(Client& client, double now_s) {
  SensordFile* file = catalogue_.find(client.name);
  if (file == nullptr) {
    send(client, SensordStatus::kGone, {});
    return drop(client, "its device is gone");
  }
  const bool shared = file->read_s == now_s;
  if (!shared) {
    const double free_s = file->read_s + options_.interval_s;
    if (file->read_s >= 0 && now_s < free_s) {
      client.due_s = free_s;
      return;
    }
    SensordCatalogue::read(*file);
    file->read_s = now_s;
  }
  client.waiting = false;
  client.due_s = now_s + options_.interval_s;
  const SensordStatus status = file->status;
  send(client, status, file->text);
  if (status == SensordStatus::kGone) {
    catalogue_.forget(client.name);
    drop(client, "its device is gone");
  }
}

void SensordServer::send(Client& client, SensordStatus status, std::string_view text) {
  const std::string reply = sensord_reply(status, text);
  const ssize_t sent =
      ::send(client.socket.get(), reply.data(), reply.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent >= 0) return;
  const bool full = errno == EAGAIN || errno == ENOBUFS;
  drop(client, full ? "dropped, it does not read its answers" : "left");
}

void SensordServer::drop(Client& client, std::string_view reason, LogLevel level) {
  if (client.dropped) return;
  client.dropped = true;
  client.waiting = false;
  log_(level, fmt::format("{}: {}", client.peer.text(), reason));
}

}  // namespace edgetran::profile::sensors
