#include "wire/tls.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <future>
#include <optional>
#include <string>

#include "base/clock.h"
#include "wire/client.h"
#include "wire/endpoint.h"
#include "wire/service.h"
#include "wire/tls_keys.h"

namespace edgetran::wire {
namespace {

using base::ErrorCategory;
using base::Json;
using testing::Keys;

constexpr double kHandshakeS = 20;

/// Made once: each pair of keys costs a process.
const Keys& keys() {
  static const Keys kKeys;
  return kKeys;
}

/// One side each of a TCP connection on loopback.
class TlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!keys().made()) GTEST_SKIP() << "the program openssl is missing or failed";
    listener_ = std::move(*listen_on({.host = "127.0.0.1", .port = 0, .path = {}}, 4));
    port_ = endpoint_of(listener_, {.host = "127.0.0.1", .port = 0, .path = {}}).port;
  }

  /// The server's side, in a thread of its own.
  std::future<base::Result<TlsStream>> accept(const TlsFiles& files, double seconds = kHandshakeS) {
    return std::async(std::launch::async, [this, files, seconds]() -> base::Result<TlsStream> {
      EDGETRAN_ASSIGN(const TlsServer server, TlsServer::load(files));
      EDGETRAN_ASSIGN(Visitor visitor, accept_on(listener_, {.host = "x", .port = 0, .path = {}}));
      return server.accept(std::move(visitor.socket), base::SystemClock().now_s() + seconds);
    });
  }
  base::Result<TlsStream> connect(const TlsClientOptions& options) const {
    return connect_tls("127.0.0.1", port_, options);
  }
  static TlsClientOptions options(const TlsFiles& files) {
    TlsClientOptions options;
    options.files = files;
    return options;
  }
  /// What our side learns once the handshake is over and the server has looked at our certificate.
  static base::Error first_error(TlsStream stream) {
    Connection connection(std::move(stream.transport));
    const auto incoming = connection.receive(kHandshakeS);
    return incoming ? base::Error{ErrorCategory::kFailed, "no error", ""} : incoming.error();
  }

  base::Descriptor listener_;
  uint16_t port_ = 0;
};

TEST_F(TlsTest, BothSidesLearnWhoTheOtherIs) {
  auto accepted = accept(keys().files("board"));
  const auto client = connect(options(keys().files("director")));
  ASSERT_TRUE(client) << client.error().message;
  EXPECT_EQ(client->peer.subject, "CN = board");
  const auto server = accepted.get();
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ(server->peer.subject, "CN = director");
  EXPECT_EQ(server->peer.fingerprint.size(), 64U);
}

TEST_F(TlsTest, MessagesAndLargeBlobsGoBothWaysAtOnce) {
  auto accepted = accept(keys().files("board"));
  auto client_stream = connect(options(keys().files("director")));
  ASSERT_TRUE(client_stream) << client_stream.error().message;
  auto server_stream = accepted.get();
  ASSERT_TRUE(server_stream);
  Service service({.program = "t", .version = "1", .service = "test", .capabilities = {}});
  service.add("echo", [](Call& call) -> base::Result<Answer> {
    for (int i = 0; i < 50; ++i) call.events.emit({"beat", {{"text", std::string(10000, 'e')}}});
    return Answer{Json::object(), std::move(call.blob)};
  });
  auto served = std::async(std::launch::async, [&] {
    Connection connection(std::move(server_stream->transport));
    return serve(connection, service);
  });
  {
    Connection connection(std::move(client_stream->transport));
    Client client(connection);
    ASSERT_TRUE(
        client.hello({.program = "t", .version = "1", .service = "test", .capabilities = {}}));
    std::string blob;
    for (int i = 0; i < 5'000'000; ++i) blob.push_back(static_cast<char>(i * 7));
    const auto reply = client.call("echo", Json::object(), blob);
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->blob, blob);
    // More in flight than either side's buffers hold: neither waits for the other to read.
    for (int i = 0; i < 4; ++i) {
      ASSERT_TRUE(connection.send({{"id", 100 + i}, {"verb", "echo"}}, blob));
    }
    for (int i = 0; i < 4; ++i) {
      std::optional<Incoming> last;
      do {
        auto incoming = connection.receive(kHandshakeS);
        ASSERT_TRUE(incoming && incoming->kind == Incoming::Kind::kMessage);
        last = std::move(*incoming);
      } while (last->message.json.contains("event"));
      EXPECT_EQ(last->message.blob, blob);
    }
  }
  EXPECT_TRUE(served.get());  // the end between two messages is a good end
}

TEST_F(TlsTest, SendingToAPeerThatClosedTheSessionIsAnErrorAndNotForEver) {
  auto accepted = accept(keys().files("board"));
  auto client_stream = connect(options(keys().files("director")));
  ASSERT_TRUE(client_stream) << client_stream.error().message;
  auto server_stream = accepted.get();
  ASSERT_TRUE(server_stream);
  Connection connection(std::move(client_stream->transport));
  server_stream->transport->finish();
  const auto end = connection.receive(kHandshakeS);
  ASSERT_TRUE(end) << end.error().message;
  ASSERT_EQ(end->kind, Incoming::Kind::kEnd);
  server_stream->transport.reset();
  // The kernel takes bytes until it hears that nobody is there: soon, on loopback.
  base::SystemClock clock;
  const double until_s = clock.now_s() + kHandshakeS;
  base::Status sent;
  while (sent && clock.now_s() < until_s) sent = connection.send({{"id", 1}, {"verb", "lease"}});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().category, ErrorCategory::kProtocol);
  EXPECT_NE(sent.error().message.find("vanished"), std::string::npos) << sent.error().message;
}

TEST_F(TlsTest, ACertificateOfAnotherAuthorityIsRefusedByTheServer) {
  auto accepted = accept(keys().files("board"));
  auto client = connect(options(keys().files("stranger")));
  const auto server = accepted.get();
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().category, ErrorCategory::kPermission);
  EXPECT_NE(server.error().message.find("not believed"), std::string::npos)
      << server.error().message;
  // The client has finished its handshake before it hears of it.
  ASSERT_TRUE(client);
  const base::Error error = first_error(std::move(*client));
  EXPECT_EQ(error.category, ErrorCategory::kPermission) << error.message;
  EXPECT_NE(error.message.find("refuses our certificate"), std::string::npos) << error.message;
}

TEST_F(TlsTest, AnExpiredClientIsRefusedWithTheReason) {
  auto accepted = accept(keys().files("board"));
  auto client = connect(options(keys().files("expired")));
  const auto server = accepted.get();
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().message.find("expired"), std::string::npos) << server.error().message;
}

TEST_F(TlsTest, AServerOfAnotherAuthorityIsRefusedByTheClient) {
  auto accepted = accept(keys().files("stranger"));
  const auto client = connect(options(keys().files("director")));
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().category, ErrorCategory::kPermission);
  EXPECT_FALSE(accepted.get());
}

TEST_F(TlsTest, AnExpiredServerIsRefusedByTheClient) {
  auto accepted = accept(keys().files("expired"));
  const auto client = connect(options(keys().files("director")));
  ASSERT_FALSE(client);
  EXPECT_NE(client.error().message.find("expired"), std::string::npos) << client.error().message;
  EXPECT_FALSE(accepted.get());
}

TEST_F(TlsTest, AServerWithAnotherNameIsRefused) {
  auto accepted = accept(keys().files("board"));
  TlsClientOptions wanted = options(keys().files("director"));
  wanted.server_name = "other.local";
  const auto client = connect(wanted);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().category, ErrorCategory::kPermission);
  EXPECT_NE(client.error().message.find("mismatch"), std::string::npos) << client.error().message;
  EXPECT_FALSE(accepted.get());
}

TEST_F(TlsTest, TheNameMayBeGivenApartFromTheAddress) {
  auto accepted = accept(keys().files("board"));
  TlsClientOptions wanted = options(keys().files("director"));
  wanted.server_name = "board.local";
  EXPECT_TRUE(connect(wanted));
  EXPECT_TRUE(accepted.get());
}

TEST_F(TlsTest, APinnedFingerprintTakesThePlaceOfTheName) {
  auto first = accept(keys().files("board"));
  const auto seen = connect(options(keys().files("director")));
  ASSERT_TRUE(seen);
  ASSERT_TRUE(first.get());
  TlsClientOptions wanted = options(keys().files("director"));
  wanted.server_name = "other.local";
  for (const char separator : {'\0', ':'}) {
    wanted.fingerprint.clear();
    for (size_t i = 0; i < seen->peer.fingerprint.size(); ++i) {
      if (separator != '\0' && i > 0 && i % 2 == 0) wanted.fingerprint.push_back(separator);
      wanted.fingerprint.push_back(static_cast<char>(std::toupper(seen->peer.fingerprint[i])));
    }
    auto accepted = accept(keys().files("board"));
    const auto client = connect(wanted);
    EXPECT_TRUE(client) << client.error().message;
    EXPECT_TRUE(accepted.get());
  }
  wanted.fingerprint.back() = wanted.fingerprint.back() == '0' ? '1' : '0';
  auto accepted = accept(keys().files("board"));
  const auto refused = connect(wanted);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().category, ErrorCategory::kPermission);
  EXPECT_NE(refused.error().message.find("pinned"), std::string::npos);
  accepted.wait();
  wanted.fingerprint = "12:34";
  EXPECT_EQ(connect(wanted).error().category, ErrorCategory::kUsage);
}

TEST_F(TlsTest, AFingerprintDoesNotMakeAStrangerBelieved) {
  auto accepted = accept(keys().files("stranger"));
  TlsClientOptions wanted = options(keys().files("director"));
  wanted.fingerprint = std::string(64, 'a');
  const auto client = connect(wanted);
  ASSERT_FALSE(client);
  EXPECT_NE(client.error().message.find("not believed"), std::string::npos);
  EXPECT_FALSE(accepted.get());
}

TEST_F(TlsTest, APeersOwnCertificateCanBePinnedInPlaceOfItsAuthority) {
  auto accepted = accept(keys().files("board", "stranger"));
  EXPECT_TRUE(connect(options(keys().files("stranger", "board"))));
  EXPECT_TRUE(accepted.get());
  auto others = accept(keys().files("board", "stranger"));
  static_cast<void>(connect(options(keys().files("director", "board"))));
  EXPECT_FALSE(others.get());
}

TEST_F(TlsTest, AVisitorThatSaysNothingIsGivenUp) {
  auto accepted = accept(keys().files("board"), 0.05);
  const auto silent = connect_to({.host = "127.0.0.1", .port = port_, .path = {}}, 1e9);
  ASSERT_TRUE(silent);
  const auto server = accepted.get();
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().message.find("took too long"), std::string::npos);
}

TEST_F(TlsTest, PlainFramesAreRefused) {
  auto accepted = accept(keys().files("board"));
  auto socket = connect_to({.host = "127.0.0.1", .port = port_, .path = {}}, 1e9);
  ASSERT_TRUE(socket);
  Connection connection(socket_transport(std::move(*socket)));
  ASSERT_TRUE(connection.send({{"id", 1}, {"verb", "hello"}}));
  const auto server = accepted.get();
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().category, ErrorCategory::kProtocol);
  EXPECT_NE(server.error().message.find("does not speak TLS"), std::string::npos)
      << server.error().message;
}

TEST_F(TlsTest, AServerThatNeverAnswersIsGivenUp) {
  TlsClientOptions wanted = options(keys().files("director"));
  wanted.connect_s = 0.05;
  const auto client = connect(wanted);  // the kernel accepts, nobody answers
  ASSERT_FALSE(client);
  EXPECT_NE(client.error().message.find("took too long"), std::string::npos);
}

TEST_F(TlsTest, NobodyThereIsADeviceError) {
  listener_.reset();
  const auto client = connect(options(keys().files("director")));
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().category, ErrorCategory::kDevice);
}

TEST_F(TlsTest, FilesThatAreNotWhatTheyShouldBeAreNamed) {
  TlsFiles files = keys().files("board");
  files.certificate = keys().path("none.pem");
  EXPECT_EQ(TlsServer::load(files).error().category, ErrorCategory::kNotFound);
  files = keys().files("board");
  files.key = keys().path("director.key");
  EXPECT_EQ(TlsServer::load(files).error().category, ErrorCategory::kUsage);
  files = keys().files("board");
  files.authority = keys().path("board.csr");
  EXPECT_EQ(TlsServer::load(files).error().category, ErrorCategory::kUsage);
}

TEST_F(TlsTest, AKeyThatOthersCanReadIsRefused) {
  const auto key = keys().path("open.key");
  ASSERT_TRUE(base::write_file_atomic(key, *base::read_file(keys().path("board.key"))));
  ASSERT_EQ(::chmod(key.c_str(), 0640), 0);
  TlsFiles files = keys().files("board");
  files.key = key;
  const auto server = TlsServer::load(files);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().category, ErrorCategory::kPermission);
  EXPECT_NE(server.error().hint.find("chmod 600"), std::string::npos);
}

}  // namespace
}  // namespace edgetran::wire
