#include "listener.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <exception>
#include <list>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/process.h"
#include "relay.h"
#include "wire/message.h"
#include "wire/transport.h"

namespace {

using edgetran::base::ChildProcess;
using edgetran::base::Descriptor;
using edgetran::base::ErrorCategory;
using edgetran::base::Logger;
using edgetran::base::LogLevel;
using edgetran::base::Result;
using edgetran::base::Status;
using edgetran::wire::Transport;
using edgetran::wire::Visitor;
using edgetran::wire::Waited;
using edgetran::wire::Want;

// Bounds of what strangers can cause (docs/protocol.md, "Bounds").

/// Visitors that are not served yet: in the handshake, waiting for their turn, or being refused.
/// While a client is served there are fewer, because their handshakes cost its measurements
/// processor time.
constexpr size_t kVisitors = 8;
constexpr size_t kVisitorsWhileServing = 2;
/// Further connections that the kernel keeps until one of those places is free.
constexpr int kBacklog = 16;
constexpr double kHandshakeS = 5;
/// A client that comes while another is just leaving waits for so long before it is refused.
constexpr double kTurnS = 2;
/// A refused visitor keeps its place for so long, so that 8 places mean at most 32 refusals (and
/// lines of the log) a second.
constexpr double kRefusalS = 0.25;
/// What is at work stops at its next safe point when its client has gone; then it is killed.
constexpr double kSessionGraceS = 2;

/// The session of one client at a time.
class Seat {
 public:
  /// Waits up to kTurnS for the seat; false where another client has it or the agent is stopping.
  bool take() {
    std::unique_lock lock(mutex_);
    const bool free = freed_.wait_for(lock, std::chrono::duration<double>(kTurnS),
                                      [this] { return !taken_ || stopping_; });
    if (!free || stopping_) return false;
    taken_ = true;
    return true;
  }
  void give_back() {
    const std::scoped_lock lock(mutex_);
    taken_ = false;
    freed_.notify_one();
  }
  void stop() {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    freed_.notify_all();
  }
  bool taken() const {
    const std::scoped_lock lock(mutex_);
    return taken_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable freed_;
  bool taken_ = false;
  bool stopping_ = false;
};

/// Gives the seat back at its end, whatever ends it.
class Occupied {
 public:
  explicit Occupied(Seat& seat) : seat_(seat) {}
  ~Occupied() { seat_.give_back(); }
  Occupied(const Occupied&) = delete;
  Occupied& operator=(const Occupied&) = delete;

 private:
  Seat& seat_;
};

class Listener {
 public:
  Listener(const ListenSettings& settings, Logger& log) : settings_(settings), log_(log) {}
  ~Listener() {
    stop();
    for (Place& place : places_) place.thread.join();
    if (settings_.endpoint.is_unix() && listener_.valid()) {
      ::unlink(settings_.endpoint.path.c_str());
    }
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  Status run() {
    EDGETRAN_TRY(open());
    while (true) {
      std::array<pollfd, 3> entries{{{signals_.get(), POLLIN, 0},
                                     {changed_.get(), POLLIN, 0},
                                     {has_place() ? listener_.get() : -1, POLLIN, 0}}};
      if (::poll(entries.data(), entries.size(), -1) < 0) continue;
      if (entries[0].revents != 0) break;
      if (entries[1].revents != 0) clear_places();
      if (entries[2].revents != 0) receive();
    }
    log_.write(LogLevel::kInfo, "stopping");
    return {};
  }

 private:
  struct Place {
    std::thread thread;
    std::atomic<bool> left = false;
  };

  Status open() {
    if (!settings_.endpoint.is_unix()) {
      EDGETRAN_CHECK(settings_.files.has_value(), "TCP is never served without certificates");
      EDGETRAN_ASSIGN(tls_, edgetran::wire::TlsServer::load(*settings_.files));
    }
    EDGETRAN_TRY(take_signals());
    stop_ = Descriptor(::eventfd(0, EFD_CLOEXEC));
    changed_ = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!stop_.valid() || !changed_.valid()) {
      return edgetran::base::fail(ErrorCategory::kResource, "no descriptors are left");
    }
    EDGETRAN_ASSIGN(listener_, edgetran::wire::listen_on(settings_.endpoint, kBacklog));
    const auto where = edgetran::wire::endpoint_of(listener_, settings_.endpoint);
    if (::geteuid() == 0) {
      log_.write(LogLevel::kWarning, "the agent runs as root; a user of its own is enough");
    }
    log_.write(LogLevel::kInfo, fmt::format("listening on {}", where.text()));
    return {};
  }

  /// SIGTERM and SIGINT become readable here, in every thread; sessions start with neither blocked.
  Status take_signals() {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
    signals_ = Descriptor(::signalfd(-1, &wanted, SFD_CLOEXEC));
    if (signals_.valid()) return {};
    return edgetran::base::fail(ErrorCategory::kResource, "no descriptors are left");
  }

  bool has_place() const {
    const size_t served = seat_.taken() ? 1 : 0;
    return places_.size() < (served > 0 ? kVisitorsWhileServing + served : kVisitors);
  }

  void clear_places() {
    uint64_t count = 0;
    static_cast<void>(::read(changed_.get(), &count, sizeof count));
    for (auto at = places_.begin(); at != places_.end();) {
      if (!at->left) {
        ++at;
        continue;
      }
      at->thread.join();
      at = places_.erase(at);
    }
  }

  void changed() const {
    const uint64_t one = 1;
    static_cast<void>(!::write(changed_.get(), &one, sizeof one));
  }

  void stop() {
    seat_.stop();
    const uint64_t one = 1;
    if (stop_.valid()) static_cast<void>(!::write(stop_.get(), &one, sizeof one));
  }

  void receive() {
    auto visitor = edgetran::wire::accept_on(listener_, settings_.endpoint);
    if (!visitor) {
      log_.write(LogLevel::kWarning, "refused: " + visitor.error().message);
      pause();
      return;
    }
    Place& place = places_.emplace_back();
    try {
      place.thread = std::thread([this, &place, met = std::move(*visitor)]() mutable {
        attend(std::move(met));
        place.left = true;
        changed();
      });
    } catch (const std::exception& error) {
      log_.write(LogLevel::kWarning, fmt::format("refused: no thread is left: {}", error.what()));
      places_.pop_back();
      pause();
    }
  }

  /// The whole stay of one visitor.
  void attend(Visitor visitor) {
    const std::string name = visitor.name;
    try {
      auto stream = admit(std::move(visitor));
      if (!stream) return refuse(name, stream.error().message);
      if (!seat_.take()) return turn_away(name, **stream);
      const Occupied occupied(seat_);
      changed();
      serve(name, **stream);
    } catch (const std::exception& error) {
      refuse(name, error.what());
    }
  }

  void refuse(const std::string& name, const std::string& why) {
    log_.write(LogLevel::kWarning, fmt::format("{} refused: {}", name, why));
    pause();
  }

  void pause() const {
    static_cast<void>(
        edgetran::wire::wait_for(stop_.get(), Want::kReadable, clock_.now_s() + kRefusalS));
  }

  Result<std::unique_ptr<Transport>> admit(Visitor visitor) {
    if (!tls_) return edgetran::wire::socket_transport(std::move(visitor.socket));
    EDGETRAN_ASSIGN(auto stream, tls_->accept(std::move(visitor.socket),
                                              clock_.now_s() + kHandshakeS, stop_.get()));
    log_.write(LogLevel::kInfo, fmt::format("{} is \"{}\", certificate {}", visitor.name,
                                            stream.peer.subject, stream.peer.fingerprint));
    return std::move(stream.transport);
  }

  /// Tells a client that there is another, before anything of it is read.
  void turn_away(const std::string& name, Transport& client) {
    const edgetran::base::Error busy{ErrorCategory::kResource, "this agent serves another client",
                                     "try again when that one has ended"};
    const auto frame = edgetran::wire::encode_message(edgetran::wire::failure_reply(nullptr, busy));
    if (frame) static_cast<void>(client.write(*frame));
    client.finish();
    wait_for_leaving(client);
    refuse(name, busy.message);
  }

  /// Closing with a client's bytes unread would reset the connection and lose what it was told.
  void wait_for_leaving(Transport& client) const {
    constexpr int kReads = 16;
    const double deadline_s = clock_.now_s() + kRefusalS;
    std::array<char, 4096> rest;
    for (int i = 0; i < kReads; ++i) {
      const auto portion = client.read(rest);
      if (!portion || portion->ended) return;
      if (portion->want == Want::kNothing) continue;
      const auto waited = edgetran::wire::wait_for(client.descriptor(portion->want), portion->want,
                                                   deadline_s, stop_.get());
      if (!waited || *waited != Waited::kReady) return;
    }
  }

  /// Runs the session's process for a client. In this thread, to which the kernel ties the process.
  void serve(const std::string& name, Transport& client) {
    edgetran::base::ProcessOptions options;
    options.arguments = settings_.session;
    options.arguments.insert(options.arguments.end(), {"--peer", name});
    auto session = ChildProcess::spawn(options);
    if (!session) {
      return log_.write(LogLevel::kError,
                        fmt::format("{} refused: {}", name, session.error().message));
    }
    const double start_s = clock_.now_s();
    log_.write(LogLevel::kInfo, fmt::format("{} is served by process {}", name, session->id()));
    const std::string why = relay(client, *session, stop_.get());
    client.finish();
    session->close_stdin();
    const auto status = session->wait(kSessionGraceS);
    std::string end = "did not stop and was killed";
    if (status) {
      end = status->describe();
    } else {
      session->stop(0);
    }
    log_.write(LogLevel::kInfo, fmt::format("{} has gone after {:.1f} s: {}; its process {}", name,
                                            clock_.now_s() - start_s, why, end));
  }

  const ListenSettings& settings_;
  Logger& log_;
  edgetran::base::SystemClock clock_;
  std::optional<edgetran::wire::TlsServer> tls_;
  Descriptor signals_;
  Descriptor stop_;
  Descriptor changed_;
  Descriptor listener_;
  Seat seat_;
  std::list<Place> places_;
};

}  // namespace

Status listen(const ListenSettings& settings, Logger& log) { return Listener(settings, log).run(); }
