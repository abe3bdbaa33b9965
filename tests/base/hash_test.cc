#include "base/hash.h"

#include <gtest/gtest.h>

#include "base/files.h"

namespace edgetran::base {
namespace {

// FIPS 180-4 examples.
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(Hash, Sha256MatchesPublishedExamples) {
  EXPECT_EQ(sha256_hex("abc"), kAbc);
  EXPECT_EQ(sha256_hex(""), kEmpty);
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Hash, Sha256InPiecesEqualsSha256InOne) {
  Sha256 hash;
  for (const char* piece : {"a", "", "bc"}) hash.update(piece);
  EXPECT_EQ(hash.hex_digest(), kAbc);
}

TEST(Hash, Sha256OfAFileSpansItsBuffers) {
  const TemporaryFolder folder = TemporaryFolder::create("hash").value();
  const std::string bytes((size_t{1} << 20) + 17, 'x');
  ASSERT_TRUE(write_file_atomic(folder.path() / "f", bytes));
  EXPECT_EQ(sha256_file(folder.path() / "f").value(), sha256_hex(bytes));
}

TEST(Hash, Sha256OfAMissingFileIsNotFound) {
  EXPECT_EQ(sha256_file("/no/such/file").error().category, ErrorCategory::kNotFound);
}

TEST(Hash, Crc32MatchesTheCheckValue) { EXPECT_EQ(crc32("123456789"), 0xCBF43926U); }

TEST(Hash, Crc32ContinuesFromItsSeed) {
  EXPECT_EQ(crc32("6789", crc32("12345")), crc32("123456789"));
}

TEST(Hash, StableHashIsFnv1aWithItsFinaliser) {
  // The finaliser is a bijection with 0 fixed; FNV-1a("a") = af63dc4c8601ec8c is the published
  // value, and its finalised form was computed independently.
  EXPECT_EQ(stable_hash("a"), 0x82A2A958A9BECE5BULL);
  EXPECT_NE(stable_hash("a"), stable_hash("b"));
}

}  // namespace
}  // namespace edgetran::base
