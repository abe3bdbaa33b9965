#include "wire/service.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "wire/client.h"

namespace edgetran::wire {
namespace {

using base::ErrorCategory;
using base::Json;

/// Two ends of a stream; an end can be closed early.
class Streams {
 public:
  Streams() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_.data()), 0); }
  ~Streams() {
    for (size_t i = 0; i < 2; ++i) close_end(i);
  }
  int end(size_t i) const { return ends_[i]; }
  void close_end(size_t i) {
    if (ends_[i] >= 0) ::close(ends_[i]);
    ends_[i] = -1;
  }

 private:
  std::array<int, 2> ends_ = {-1, -1};
};

class Recorder final : public base::EventSink {
 public:
  void emit(const base::Event& event) override { events.push_back(event); }
  std::vector<base::Event> events;
};

/// Gives up by itself on its first event: how a person cancels in the middle of work.
class CancelOnEvent final : public base::EventSink {
 public:
  explicit CancelOnEvent(base::CancelToken token) : token_(std::move(token)) {}
  void emit(const base::Event&) override { token_.request(); }

 private:
  base::CancelToken token_;
};

Service make_service() {
  Service service(
      {.program = "test-service", .version = "1", .service = "test", .capabilities = {"echo"}});
  service.add("echo", [](Call& call) -> base::Result<Answer> {
    return Answer{{{"body", call.body}}, std::move(call.blob)};
  });
  service.add("count", [](Call& call) -> base::Result<Answer> {
    for (int i = 0; i < 3; ++i) call.events.emit({"progress", {{"step", i}}});
    return Answer{};
  });
  service.add("work", [](Call& call) -> base::Result<Answer> {
    call.events.emit({"started", Json::object()});
    while (!call.cancel.requested()) std::this_thread::yield();
    return base::fail(ErrorCategory::kInterrupted, "cancelled at work");
  });
  service.add("throw", [](Call&) -> base::Result<Answer> { throw std::runtime_error("oops"); });
  service.add("exhaust", [](Call&) -> base::Result<Answer> { throw std::bad_alloc(); });
  service.add(
      "tick", [](Call&) -> base::Result<Answer> { return Answer{}; }, Mode::kImmediate);
  return service;
}

/// A service at work in a thread and a greeted client of it.
class ServiceTest : public testing::Test {
 protected:
  ServiceTest()
      : server_side_(streams_.end(0), streams_.end(0), {.limits = {.blob_bytes = 1 << 22}}),
        client_side_(streams_.end(1), streams_.end(1)),
        client_(client_side_),
        served_(std::async(std::launch::async, [this] { return serve(server_side_, service_); })) {}

  void TearDown() override {
    ::shutdown(streams_.end(1), SHUT_RDWR);
    served_.wait();
  }

  base::Status greet() {
    return client_.hello({.program = "t", .version = "1", .service = "test", .capabilities = {}})
        .map([](const Hello&) {});
  }

  Streams streams_;
  Service service_ = make_service();
  Connection server_side_;
  Connection client_side_;
  Client client_;
  std::future<base::Status> served_;
};

TEST_F(ServiceTest, HelloTellsWhoServes) {
  const auto hello =
      client_.hello({.program = "t", .version = "1", .service = "test", .capabilities = {}});
  ASSERT_TRUE(hello) << hello.error().message;
  EXPECT_EQ(hello->program, "test-service");
  EXPECT_EQ(hello->capabilities, std::vector<std::string>{"echo"});
}

TEST_F(ServiceTest, HelloForAnotherServiceIsRefused) {
  const auto hello =
      client_.hello({.program = "t", .version = "1", .service = "other", .capabilities = {}});
  ASSERT_FALSE(hello);
  EXPECT_EQ(hello.error().category, ErrorCategory::kProtocol);
  EXPECT_NE(hello.error().message.find("other"), std::string::npos);
}

TEST_F(ServiceTest, NothingIsServedBeforeHello) {
  const auto reply = client_.call("echo", Json::object());
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().category, ErrorCategory::kUsage);
}

TEST_F(ServiceTest, RepliesWithFieldsAndBlobBothWays) {
  ASSERT_TRUE(greet());
  const std::string blob(3'000'000, 'b');
  const auto reply = client_.call("echo", {{"a", 1}}, blob);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->json, (Json{{"body", {{"a", 1}}}}));
  EXPECT_EQ(reply->blob, blob);
}

TEST_F(ServiceTest, EventsArriveInOrderBeforeTheReply) {
  ASSERT_TRUE(greet());
  Recorder recorder;
  CallOptions options;
  options.events = &recorder;
  ASSERT_TRUE(client_.call("count", Json::object(), {}, options));
  ASSERT_EQ(recorder.events.size(), 3U);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(recorder.events[i].fields, (Json{{"step", i}}));
}

TEST_F(ServiceTest, UnknownVerbNamesTheNearest) {
  ASSERT_TRUE(greet());
  const auto reply = client_.call("ecko", Json::object());
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().category, ErrorCategory::kUsage);
  EXPECT_NE(reply.error().hint.find("echo"), std::string::npos);
}

TEST_F(ServiceTest, ExceptionsOfAHandlerAreItsReplyAndTheSessionGoesOn) {
  ASSERT_TRUE(greet());
  EXPECT_EQ(client_.call("throw", Json::object()).error().category, ErrorCategory::kFailed);
  EXPECT_EQ(client_.call("exhaust", Json::object()).error().category, ErrorCategory::kResource);
  EXPECT_TRUE(client_.call("echo", Json::object()));
}

TEST_F(ServiceTest, MalformedJsonIsAnsweredAndTheSessionGoesOn) {
  ASSERT_TRUE(greet());
  const std::string bad = encode_frame(FrameKind::kJson, "{nonsense");
  ASSERT_EQ(::write(streams_.end(1), bad.data(), bad.size()), static_cast<ssize_t>(bad.size()));
  const auto reply = client_side_.receive(10);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->message.json["ok"], false);
  EXPECT_TRUE(reply->message.json["id"].is_null());
  EXPECT_TRUE(client_.call("echo", Json::object()));
}

TEST_F(ServiceTest, WorkIsCancelledWhileItRuns) {
  ASSERT_TRUE(greet());
  CallOptions options;
  CancelOnEvent sink(options.cancel);
  options.events = &sink;
  const auto reply = client_.call("work", Json::object(), {}, options);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().message, "cancelled at work");
  EXPECT_TRUE(client_.call("echo", Json::object()));
}

TEST_F(ServiceTest, ImmediateVerbsAreAnsweredWhileAnotherWorks) {
  ASSERT_TRUE(greet());
  ASSERT_TRUE(client_side_.send({{"id", 10}, {"verb", "work"}}));
  ASSERT_TRUE(client_side_.send({{"id", 11}, {"verb", "tick"}}));
  ASSERT_TRUE(client_side_.send({{"id", 12}, {"verb", "cancel"}, {"target", 10}}));
  std::vector<int> order;
  while (order.size() < 3) {
    const auto incoming = client_side_.receive(10);
    ASSERT_TRUE(incoming && incoming->kind == Incoming::Kind::kMessage);
    if (incoming->message.json.contains("ok")) order.push_back(incoming->message.json["id"]);
  }
  EXPECT_EQ(order[0], 11);
}

TEST_F(ServiceTest, AWaitingRequestIsCancelledBeforeItStarts) {
  ASSERT_TRUE(greet());
  ASSERT_TRUE(client_side_.send({{"id", 10}, {"verb", "work"}}));
  ASSERT_TRUE(client_side_.send({{"id", 11}, {"verb", "echo"}}));
  ASSERT_TRUE(client_side_.send({{"id", 12}, {"verb", "cancel"}, {"target", 11}}));
  ASSERT_TRUE(client_side_.send({{"id", 13}, {"verb", "cancel"}, {"target", 10}}));
  while (true) {
    const auto incoming = client_side_.receive(10);
    ASSERT_TRUE(incoming && incoming->kind == Incoming::Kind::kMessage);
    const Json& json = incoming->message.json;
    if (json["id"] != 11) continue;
    EXPECT_EQ(json["ok"], false);
    EXPECT_EQ(json["error"]["category"], "interrupted");
    break;
  }
}

TEST_F(ServiceTest, CancelOfAnUnknownRequestSaysSo) {
  ASSERT_TRUE(greet());
  const auto reply = client_.call("cancel", {{"target", 99}});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->json["cancelled"], false);
}

TEST_F(ServiceTest, TooManyWaitingRequestsAreRefused) {
  ASSERT_TRUE(greet());
  ASSERT_TRUE(client_side_.send({{"id", 100}, {"verb", "work"}}));
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(client_side_.send({{"id", 200 + i}, {"verb", "echo"}}));
  }
  ASSERT_TRUE(client_side_.send({{"id", 300}, {"verb", "cancel"}, {"target", 100}}));
  int refused = 0;
  for (int replies = 0; replies < 32;) {
    const auto incoming = client_side_.receive(10);
    ASSERT_TRUE(incoming && incoming->kind == Incoming::Kind::kMessage);
    const Json& json = incoming->message.json;
    if (!json.contains("ok")) continue;
    ++replies;
    if (!json["ok"] && json["error"]["category"] == "resource") ++refused;
  }
  // 16 may wait; one more does if the first was not yet taken up.
  EXPECT_GE(refused, 13);
  EXPECT_LE(refused, 14 + 1);
}

TEST_F(ServiceTest, ByeEndsTheSessionWell) {
  ASSERT_TRUE(greet());
  ASSERT_TRUE(client_.call("bye", Json::object()));
  EXPECT_TRUE(served_.get());
  served_ = std::async(std::launch::deferred, [] { return base::Status(); });
}

TEST_F(ServiceTest, AVanishedClientCancelsWhatRuns) {
  ASSERT_TRUE(greet());
  ASSERT_TRUE(client_side_.send({{"id", 10}, {"verb", "work"}}));
  ASSERT_TRUE(client_side_.receive(10));  // it has started
  ::shutdown(streams_.end(1), SHUT_WR);
  EXPECT_TRUE(served_.get());
  served_ = std::async(std::launch::deferred, [] { return base::Status(); });
}

TEST_F(ServiceTest, ABrokenFrameEndsTheSessionWithAnError) {
  ASSERT_TRUE(greet());
  const std::string noise = "this is not a frame at all";
  ASSERT_EQ(::write(streams_.end(1), noise.data(), noise.size()),
            static_cast<ssize_t>(noise.size()));
  const auto status = served_.get();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().category, ErrorCategory::kProtocol);
  served_ = std::async(std::launch::deferred, [] { return base::Status(); });
}

TEST_F(ServiceTest, ACallEndsAtItsTimeOut) {
  ASSERT_TRUE(greet());
  CallOptions options;
  options.timeout_s = 0.01;
  const auto reply = client_.call("work", Json::object(), {}, options);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().category, ErrorCategory::kProtocol);
}

TEST(Connection, EndBetweenMessagesIsAnEndAndInsideOneAnError) {
  const std::string whole = *encode_message({{"id", 1}, {"verb", "x"}});
  for (const size_t cut : {whole.size(), whole.size() - 1}) {
    Streams streams;
    Connection connection(streams.end(0), streams.end(0));
    ASSERT_EQ(::write(streams.end(1), whole.data(), cut), static_cast<ssize_t>(cut));
    streams.close_end(1);
    const auto first = connection.receive(10);
    if (cut < whole.size()) {
      ASSERT_FALSE(first);
      EXPECT_EQ(first.error().category, ErrorCategory::kProtocol);
    } else {
      EXPECT_EQ(first->kind, Incoming::Kind::kMessage);
      EXPECT_EQ(connection.receive(10)->kind, Incoming::Kind::kEnd);
    }
  }
}

TEST(Connection, ATimeOutKeepsWhatArrived) {
  Streams streams;
  Connection connection(streams.end(0), streams.end(0));
  const std::string whole = *encode_message({{"id", 1}, {"verb", "x"}});
  ASSERT_EQ(::write(streams.end(1), whole.data(), 9), 9);
  EXPECT_EQ(connection.receive(0)->kind, Incoming::Kind::kTimeout);
  ASSERT_EQ(::write(streams.end(1), whole.data() + 9, whole.size() - 9),
            static_cast<ssize_t>(whole.size() - 9));
  EXPECT_EQ(connection.receive(10)->kind, Incoming::Kind::kMessage);
}

TEST(Connection, SendingToAVanishedPeerIsAnErrorAndNoSignal) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  ::close(ends[0]);
  {
    Connection connection(ends[1], ends[1]);
    const auto status = connection.send({{"id", 1}});
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().category, ErrorCategory::kProtocol);
  }
  ::close(ends[1]);
}

/// Takes `portions` one after the other; whoever asks for more has not understood them.
class Written final : public Transport {
 public:
  explicit Written(std::vector<Portion> portions) : portions_(std::move(portions)) {}
  base::Result<Portion> read(std::span<char> /*room*/) override { return Portion{.ended = true}; }
  base::Result<Portion> write(std::string_view /*bytes*/) override {
    if (asked_ < portions_.size()) return portions_[asked_++];
    return base::fail(ErrorCategory::kProtocol, "asked again");
  }
  int descriptor(Want /*want*/) const override { return -1; }
  void finish() override {}

 private:
  std::vector<Portion> portions_;
  size_t asked_ = 0;
};

TEST(Connection, APeerThatTakesNothingAndWantsNothingHasVanished) {
  for (const Portion& last : {Portion{}, Portion{.ended = true}}) {
    Connection connection(std::make_unique<Written>(std::vector<Portion>{{.bytes = 3}, last}));
    const auto status = connection.send({{"id", 1}});
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().category, ErrorCategory::kProtocol);
    EXPECT_NE(status.error().message.find("vanished"), std::string::npos) << status.error().message;
  }
}

TEST(Connection, APeerThatNeverReadsIsGivenUp) {
  Streams streams;
  Connection connection(streams.end(0), streams.end(0), {.limits = {}, .send_timeout_s = 0.01});
  const auto status = connection.send({{"id", 1}}, std::string(8 << 20, 'x'));
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("did not read"), std::string::npos);
  EXPECT_FALSE(connection.send({{"id", 2}}));  // half a message is out: never again
}

TEST(Connection, PutsTheDescriptorsBackAsTheyWere) {
  Streams streams;
  const int before = ::fcntl(streams.end(0), F_GETFL);
  { const Connection connection(streams.end(0), streams.end(0)); }
  EXPECT_EQ(::fcntl(streams.end(0), F_GETFL), before);
}

TEST(Negotiation, TakesTheNewestCommonVersion) {
  const Hello old{.protocol = 3,
                  .oldest = 2,
                  .program = "a",
                  .version = "1",
                  .service = "s",
                  .capabilities = {}};
  const Hello newer{.protocol = 4,
                    .oldest = 3,
                    .program = "b",
                    .version = "2",
                    .service = "s",
                    .capabilities = {}};
  EXPECT_EQ(*negotiate(old, newer), 3);
  EXPECT_EQ(*negotiate(newer, old), 3);
}

TEST(Negotiation, RefusesPeersTooFarApart) {
  const Hello old{.protocol = 1,
                  .oldest = 1,
                  .program = "a",
                  .version = "1",
                  .service = "s",
                  .capabilities = {}};
  const Hello newer{.protocol = 3,
                    .oldest = 2,
                    .program = "b",
                    .version = "9",
                    .service = "s",
                    .capabilities = {}};
  const auto result = negotiate(old, newer);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().category, ErrorCategory::kProtocol);
  EXPECT_NE(result.error().message.find("9"), std::string::npos);
}

TEST(Session, AnswersWithoutATransport) {
  const Service service = make_service();
  Session session(service);
  base::NullSink sink;
  Request hello{1,
                "hello",
                hello_json({.program = "t", .version = "1", .service = "test", .capabilities = {}}),
                {}};
  EXPECT_EQ(session.answer(hello, sink, {}).json["ok"], true);
  EXPECT_EQ(session.protocol(), kProtocol);
  EXPECT_EQ(session.answer({2, "echo", {{"a", 1}}, "b"}, sink, {}).blob, "b");
}

}  // namespace
}  // namespace edgetran::wire
