// What a client can cost a service, and how long it may take.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <future>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/descriptor.h"
#include "wire/client.h"
#include "wire/service.h"

namespace edgetran::wire {
namespace {

using base::ErrorCategory;
using base::Json;

constexpr double kPatienceS = 20;  // of the tests themselves

/// A service at work in a thread, with a clock that the test moves.
class BoundsTest : public testing::Test {
 protected:
  BoundsTest() {
    service_.add("echo", [](Call& call) -> base::Result<Answer> {
      return Answer{{{"bytes", call.blob.size()}}, {}};
    });
    service_.add("work", [this](Call& call) -> base::Result<Answer> {
      call.events.emit({"started", Json::object()});
      while (!call.cancel.requested() && !released_) std::this_thread::yield();
      return Answer{};
    });
    service_.add("deaf", [this](Call& call) -> base::Result<Answer> {
      call.events.emit({"started", Json::object()});
      while (!released_) std::this_thread::yield();
      return Answer{};
    });
    service_.add("pour", [](Call& call) -> base::Result<Answer> {
      for (int i = 0; i < 100; ++i) {
        call.events.emit({"drop", {{"text", std::string(1 << 16, 'x')}}});
      }
      return Answer{};
    });
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    server_end_ = base::Descriptor(ends[0]);
    client_end_ = base::Descriptor(ends[1]);
    options_.clock = &clock_;
  }
  ~BoundsTest() override {
    released_ = true;
    client_end_.reset();
  }

  void start(ConnectionOptions connection_options = {}) {
    served_ = std::async(std::launch::async, [this, connection_options] {
      Connection connection(server_end_.get(), server_end_.get(), connection_options);
      return serve(connection, service_, options_);
    });
    client_side_ = std::make_unique<Connection>(client_end_.get(), client_end_.get());
    client_ = std::make_unique<Client>(*client_side_);
  }
  void greet() {
    ASSERT_TRUE(
        client_->hello({.program = "t", .version = "1", .service = "test", .capabilities = {}}));
  }
  /// The next reply (events are passed over).
  Json reply() {
    while (true) {
      auto incoming = client_side_->receive(kPatienceS);
      if (!incoming || incoming->kind != Incoming::Kind::kMessage) return nullptr;
      if (incoming->message.json.contains("ok")) return incoming->message.json;
    }
  }
  void expect_ended(ErrorCategory category, const std::string& words) {
    ASSERT_EQ(served_.wait_for(std::chrono::duration<double>(kPatienceS)),
              std::future_status::ready);
    const auto status = served_.get();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().category, category);
    EXPECT_NE(status.error().message.find(words), std::string::npos) << status.error().message;
  }

  base::ManualClock clock_;
  Service service_{{.program = "t", .version = "1", .service = "test", .capabilities = {}}};
  ServeOptions options_;
  std::atomic<bool> released_ = false;
  std::atomic<int> asked_ =
      0;  ///< times that a client kept its place; the session outlives a test's body
  base::Descriptor server_end_;
  base::Descriptor client_end_;
  std::unique_ptr<Connection> client_side_;
  std::unique_ptr<Client> client_;
  std::future<base::Status> served_;
};

TEST_F(BoundsTest, AClientThatSaysNoHelloInTimeIsDropped) {
  options_.hello_s = 10;
  start();
  EXPECT_FALSE(client_->call("echo", Json::object()));
  clock_.advance(10.5);
  expect_ended(ErrorCategory::kResource, "did not say hello");
}

TEST_F(BoundsTest, AClientThatSaidHelloMayTakeItsTime) {
  options_.hello_s = 10;
  start();
  greet();
  clock_.advance(11);
  EXPECT_TRUE(client_->call("echo", Json::object()));
}

TEST_F(BoundsTest, AnIdleClientIsDropped) {
  options_.idle_s = 60;
  start();
  greet();
  clock_.advance(61);
  expect_ended(ErrorCategory::kResource, "idle");
}

TEST_F(BoundsTest, AnIdleClientThatKeepsItsPlaceIsNot) {
  options_.idle_s = 60;
  options_.keeps_place = [this] { return ++asked_ > 0; };
  start();
  greet();
  clock_.advance(61);
  const int before = asked_;
  while (asked_ < before + 3) std::this_thread::yield();
  EXPECT_TRUE(client_->call("echo", Json::object()));
}

TEST_F(BoundsTest, AClientWhoseRequestIsAtWorkIsNotIdle) {
  options_.idle_s = 60;
  options_.keeps_place = [this] { return ++asked_ < 0; };
  start();
  greet();
  ASSERT_TRUE(client_side_->send({{"id", 10}, {"verb", "work"}}));
  ASSERT_TRUE(client_side_->receive(kPatienceS));  // it has started
  clock_.advance(61);
  const int before = asked_;
  while (asked_ < before + 3) std::this_thread::yield();
  released_ = true;
  EXPECT_EQ(reply()["ok"], true);
}

TEST_F(BoundsTest, BlobsInLineAreBoundedTogetherAndFreedWithTheirRequests) {
  options_.max_blob_bytes = 1'000'000;
  start();
  greet();
  const std::string blob(600'000, 'b');
  ASSERT_TRUE(client_side_->send({{"id", 10}, {"verb", "work"}}, blob));
  ASSERT_TRUE(client_side_->receive(kPatienceS));  // it has started
  ASSERT_TRUE(client_side_->send({{"id", 11}, {"verb", "echo"}}, blob));
  const Json refused = reply();
  EXPECT_EQ(refused["id"], 11);
  EXPECT_EQ(refused["error"]["category"], "resource");
  released_ = true;
  EXPECT_EQ(reply()["id"], 10);
  // At once after a reply there is room for the next, however the threads are scheduled.
  for (int i = 0; i < 50; ++i) {
    const auto again = client_->call("echo", Json::object(), blob);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->json["bytes"], blob.size());
  }
}

TEST_F(BoundsTest, JsonInLineIsBoundedTogether) {
  options_.max_json_bytes = 100'000;
  start();
  greet();
  ASSERT_TRUE(client_side_->send({{"id", 10}, {"verb", "work"}}));
  ASSERT_TRUE(client_side_->receive(kPatienceS));
  const std::string text(60'000, 't');
  ASSERT_TRUE(client_side_->send({{"id", 11}, {"verb", "echo"}, {"text", text}}));
  ASSERT_TRUE(client_side_->send({{"id", 12}, {"verb", "echo"}, {"text", text}}));
  const Json refused = reply();
  EXPECT_EQ(refused["id"], 12);
  EXPECT_EQ(refused["error"]["category"], "resource");
  released_ = true;
  EXPECT_EQ(reply()["id"], 10);
  EXPECT_EQ(reply()["id"], 11);
  // Alone it fits, whatever its size.
  EXPECT_TRUE(client_->call("echo", {{"text", std::string(200'000, 't')}}));
}

TEST_F(BoundsTest, ABlobOverTheLimitIsRefusedAtItsAnnouncement) {
  std::promise<base::Error> heard;
  options_.refused = [&heard](const base::Error& error) { heard.set_value(error); };
  start({.limits = {.blob_bytes = 1000}});
  greet();
  const std::string head = *encode_json({{"id", 10}, {"verb", "echo"}}, 10'000'000'000);
  ASSERT_EQ(::send(client_end_.get(), head.data(), head.size(), 0),
            static_cast<ssize_t>(head.size()));
  const Json refused = reply();
  EXPECT_EQ(refused["id"], 10);
  EXPECT_EQ(refused["error"]["category"], "resource");
  EXPECT_NE(heard.get_future().get().message.find("10000000000"), std::string::npos);
}

TEST_F(BoundsTest, AfterARefusedBlobHasPassedTheSessionGoesOn) {
  start({.limits = {.blob_bytes = 1000}});
  greet();
  EXPECT_EQ(client_->call("echo", Json::object(), std::string(2'500'000, 'x')).error().category,
            ErrorCategory::kResource);
  const auto whole = client_->call("echo", Json::object(), std::string(1000, 'x'));
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->json["bytes"], 1000);
}

TEST_F(BoundsTest, AClientThatNeverReadsEndsItsSession) {
  start({.limits = {}, .send_timeout_s = 0.05});
  greet();
  ASSERT_TRUE(client_side_->send({{"id", 10}, {"verb", "pour"}}));
  expect_ended(ErrorCategory::kProtocol, "did not read");
}

TEST_F(BoundsTest, WorkThatDoesNotStopWhenItsClientHasGoneIsAbandoned) {
  std::promise<void> abandoned;
  options_.abandon = [&abandoned] { abandoned.set_value(); };
  options_.abandon_s = 0.05;
  start();
  greet();
  ASSERT_TRUE(client_side_->send({{"id", 10}, {"verb", "deaf"}}));
  ASSERT_TRUE(client_side_->receive(kPatienceS));
  ::shutdown(client_end_.get(), SHUT_RDWR);
  EXPECT_EQ(abandoned.get_future().wait_for(std::chrono::duration<double>(kPatienceS)),
            std::future_status::ready);
  released_ = true;
  EXPECT_TRUE(served_.get());
}

TEST_F(BoundsTest, WorkThatStopsIsNotAbandoned) {
  std::atomic<bool> abandoned = false;
  options_.abandon = [&abandoned] { abandoned = true; };
  start();
  greet();
  ASSERT_TRUE(client_side_->send({{"id", 10}, {"verb", "work"}}));
  ASSERT_TRUE(client_side_->receive(kPatienceS));
  ::shutdown(client_end_.get(), SHUT_RDWR);
  EXPECT_TRUE(served_.get());
  EXPECT_FALSE(abandoned);
}

TEST(Refusal, AnErrorAboutNoRequestIsTheAnswerOfTheCall) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const base::Descriptor ours(ends[0]);
  base::Descriptor theirs(ends[1]);
  {
    Connection server(theirs.get(), theirs.get());
    ASSERT_TRUE(server.send(failure_reply(
        nullptr, {ErrorCategory::kResource, "this agent serves another client", ""})));
  }
  theirs.reset();
  Connection connection(ours.get(), ours.get());
  Client client(connection);
  const auto hello =
      client.hello({.program = "t", .version = "1", .service = "test", .capabilities = {}});
  ASSERT_FALSE(hello);
  EXPECT_EQ(hello.error().category, ErrorCategory::kResource);
  EXPECT_EQ(hello.error().message, "this agent serves another client");
}

}  // namespace
}  // namespace edgetran::wire
