#include "wire/endpoint.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/files.h"
#include "wire/connection.h"

namespace edgetran::wire {
namespace {

using base::ErrorCategory;

TEST(Endpoint, IsReadAndWrittenTheSame) {
  for (const char* text :
       {"board.local:7411", "127.0.0.1:0", "[::1]:65535", "unix:/run/a.socket"}) {
    const auto endpoint = read_endpoint(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(endpoint->text(), text);
  }
}

TEST(Endpoint, AnythingElseIsAUsageError) {
  for (const std::string& text :
       {std::string("board"), std::string(":80"), std::string("board:"), std::string("board:65536"),
        std::string("board:-1"), std::string("board:8o"), std::string("::1:80"),
        std::string("unix:"), std::string("[]:80"), "unix:/" + std::string(200, 'x')}) {
    const auto endpoint = read_endpoint(text);
    ASSERT_FALSE(endpoint) << text;
    EXPECT_EQ(endpoint.error().category, ErrorCategory::kUsage);
  }
}

class UnixSocket : public testing::Test {
 protected:
  base::TemporaryFolder folder_ = std::move(*base::TemporaryFolder::create("endpoint-test"));
  Endpoint endpoint_{.host = "", .port = 0, .path = folder_.path() / "agent.socket"};
};

TEST_F(UnixSocket, IsForItsUserOnlyAndTellsWhoVisits) {
  const auto listener = listen_on(endpoint_, 1);
  ASSERT_TRUE(listener) << listener.error().message;
  struct stat status {};
  ASSERT_EQ(::stat(endpoint_.path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  auto socket = connect_to(endpoint_, 1e9);
  ASSERT_TRUE(socket);
  auto visitor = accept_on(*listener, endpoint_);
  ASSERT_TRUE(visitor);
  EXPECT_NE(visitor->name.find("process " + std::to_string(::getpid())), std::string::npos);
  Connection one(socket_transport(std::move(*socket)));
  Connection other(socket_transport(std::move(visitor->socket)));
  ASSERT_TRUE(one.send({{"id", 1}}));
  EXPECT_EQ(other.receive(10)->message.json["id"], 1);
}

TEST_F(UnixSocket, OneThatAKilledListenerLeftIsReplaced) {
  { const auto left = listen_on(endpoint_, 1); }
  ASSERT_TRUE(std::filesystem::exists(endpoint_.path));
  EXPECT_TRUE(listen_on(endpoint_, 1));
}

TEST_F(UnixSocket, OneThatIsListenedOnIsNot) {
  const auto first = listen_on(endpoint_, 1);
  const auto second = listen_on(endpoint_, 1);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().category, ErrorCategory::kResource);
}

TEST_F(UnixSocket, AFileOfAnotherKindIsNeverRemoved) {
  ASSERT_TRUE(base::write_file_atomic(endpoint_.path, "precious"));
  EXPECT_FALSE(listen_on(endpoint_, 1));
  EXPECT_EQ(*base::read_file(endpoint_.path), "precious");
}

}  // namespace
}  // namespace edgetran::wire
