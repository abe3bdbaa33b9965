#include "wire/frame.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "places.h"
#include "wire/message.h"

namespace edgetran::wire {
namespace {

std::string fixture(const std::string& name) {
  const auto bytes = base::read_file(places::source().string() + "/tests/wire/fixtures/" + name);
  EXPECT_TRUE(bytes) << name;
  return bytes.value_or("");
}

/// All that a reader says about some bytes.
struct Read {
  std::vector<Incoming> incoming;
  base::Status status;
};
Read read_all(std::string_view bytes, size_t portion, Limits limits = {}) {
  MessageReader reader(limits);
  Read read;
  for (size_t at = 0; at < bytes.size() && read.status; at += portion) {
    read.status = reader.feed(bytes.substr(at, portion));
    while (auto next = reader.next()) read.incoming.push_back(std::move(*next));
  }
  return read;
}

TEST(Frame, HasTheWrittenLayout) {
  const std::string frame = encode_frame(FrameKind::kJson, "{}");
  ASSERT_EQ(frame.size(), 18U);
  EXPECT_EQ(frame.substr(0, 12), std::string("EDTN\x01\x01\x00\x00\x02\x00\x00\x00", 12));
  // zlib.crc32(b"EDTN\x01\x01\0\0\x02\0\0\0" + b"{}") in Python.
  EXPECT_EQ(frame.substr(12, 4), fixture("hello_crc.bin").substr(0, 4));
}

TEST(Frame, RecordedHelloIsReadAsItWasSent) {
  const Read read = read_all(fixture("hello_request.bin"), 7);
  ASSERT_TRUE(read.status) << read.status.error().message;
  ASSERT_EQ(read.incoming.size(), 1U);
  EXPECT_EQ(read.incoming[0].message.json["verb"], "hello");
  EXPECT_EQ(read.incoming[0].message.json["protocol"], 1);
}

TEST(Frame, OurBytesOfTheRecordedMessageAreTheRecording) {
  const base::Json json = {{"id", 3}, {"verb", "put"}, {"sha256", "ab"}};
  EXPECT_EQ(*encode_message(json, "0123456789"), fixture("put_with_blob.bin"));
}

TEST(Frame, RecordedBlobIsPutTogetherFromItsChunks) {
  const Read read = read_all(fixture("blob_in_three_chunks.bin"), 5);
  ASSERT_TRUE(read.status);
  ASSERT_EQ(read.incoming.size(), 1U);
  EXPECT_EQ(read.incoming[0].message.blob, "aaabbc");
}

TEST(Frame, EveryRecordedBrokenStreamIsAProtocolError) {
  for (const char* name :
       {"broken_magic.bin", "broken_version.bin", "broken_kind.bin", "broken_padding.bin",
        "broken_checksum.bin", "broken_length.bin", "broken_blob_unannounced.bin",
        "broken_blob_too_long.bin", "broken_blob_interrupted.bin"}) {
    const Read read = read_all(fixture(name), 4096);
    ASSERT_FALSE(read.status) << name;
    EXPECT_EQ(read.status.error().category, base::ErrorCategory::kProtocol) << name;
    EXPECT_TRUE(read.incoming.empty()) << name;
  }
}

TEST(Frame, AFlippedBitAnywhereIsNoticed) {
  const std::string good = *encode_message({{"id", 1}, {"verb", "x"}}, "blob");
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    const Read read = read_all(bad, bad.size());
    // A longer length waits for bytes that never come; everything else is refused at once.
    EXPECT_TRUE(!read.status || read.incoming.empty()) << "bit " << bit;
  }
}

TEST(Message, ArrivesWholeInAnyPortions) {
  const std::string blob(3 * kMaxPayloadBytes / 2, 'x');
  const base::Json json = {{"id", 1}, {"verb", "put"}, {"text", "\u00e4"}};
  const std::string bytes = *encode_message(json, blob);
  for (const size_t portion : {size_t{997}, size_t{65536}, bytes.size()}) {
    const Read read = read_all(bytes, portion);
    ASSERT_TRUE(read.status);
    ASSERT_EQ(read.incoming.size(), 1U);
    EXPECT_EQ(read.incoming[0].message.blob, blob);
    EXPECT_EQ(read.incoming[0].message.json["text"], "\u00e4");
  }
}

TEST(Message, MalformedJsonLeavesTheStreamGood) {
  const std::string bytes =
      encode_frame(FrameKind::kJson, "{\"id\": 1,") + *encode_message({{"id", 2}, {"verb", "x"}});
  const Read read = read_all(bytes, bytes.size());
  ASSERT_TRUE(read.status);
  ASSERT_EQ(read.incoming.size(), 2U);
  EXPECT_EQ(read.incoming[0].kind, Incoming::Kind::kMalformed);
  EXPECT_EQ(read.incoming[0].error.category, base::ErrorCategory::kUsage);
  EXPECT_EQ(read.incoming[1].message.json["id"], 2);
}

TEST(Message, AListIsNotAMessage) {
  const Read read = read_all(encode_frame(FrameKind::kJson, "[1]"), 100);
  ASSERT_EQ(read.incoming.size(), 1U);
  EXPECT_EQ(read.incoming[0].kind, Incoming::Kind::kMalformed);
}

TEST(Message, ABlobOverTheLimitIsSkippedAndTheSessionGoesOn) {
  const std::string bytes = *encode_message({{"id", 1}, {"verb", "put"}}, "0123456789") +
                            *encode_message({{"id", 2}, {"verb", "x"}});
  const Read read = read_all(bytes, 3, {.blob_bytes = 9});
  ASSERT_TRUE(read.status);
  ASSERT_EQ(read.incoming.size(), 2U);
  EXPECT_EQ(read.incoming[0].error.category, base::ErrorCategory::kResource);
  EXPECT_EQ(read.incoming[0].message.json["id"], 1);
  EXPECT_TRUE(read.incoming[0].message.blob.empty());
  EXPECT_EQ(read.incoming[1].kind, Incoming::Kind::kMessage);
}

TEST(Message, JsonLongerThanAFrameIsRefusedBeforeItIsSent) {
  const auto bytes = encode_message({{"text", std::string(kMaxPayloadBytes, 'x')}});
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().category, base::ErrorCategory::kResource);
}

TEST(Request, NeedsAWholeNumberAndAVerb) {
  for (const char* text : {R"({})", R"({"id": "1", "verb": "x"})", R"({"id": 1.5, "verb": "x"})",
                           R"({"id": 1})", R"({"id": 1, "verb": ""})", R"({"id": 1, "verb": 2})"}) {
    const auto request = parse_request({*base::parse_json(text, "test"), {}});
    ASSERT_FALSE(request) << text;
    EXPECT_EQ(request.error().category, base::ErrorCategory::kUsage);
  }
  const auto request =
      parse_request({*base::parse_json(R"({"id": 1, "verb": "x", "a": 2})", "test"), {}});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->body, base::Json({{"a", 2}}));
}

TEST(Error, SurvivesTheWire) {
  const base::Error error{base::ErrorCategory::kDevice, "no device", "plug one in"};
  const base::Error back = error_from_json(error_json(error));
  EXPECT_EQ(back.category, error.category);
  EXPECT_EQ(back.message, error.message);
  EXPECT_EQ(back.hint, error.hint);
  EXPECT_EQ(error_from_json(base::Json("x")).category, base::ErrorCategory::kProtocol);
}

}  // namespace
}  // namespace edgetran::wire
