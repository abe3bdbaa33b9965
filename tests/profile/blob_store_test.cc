#include "profile/blob_store.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace edgetran::profile {
namespace {

TEST(BlobStore, KeepsNoMoreThanItsBytes) {
  BlobStore store(1000);
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(store.put(std::string(300, static_cast<char>('a' + i))));
    EXPECT_LE(store.bytes(), 1000U);
  }
}

TEST(BlobStore, ManySmallBlobsPushOutTheOldestToo) {
  BlobStore store(uint64_t{1} << 30);
  const std::string first = *store.put("first");
  for (size_t i = 1; i < BlobStore::kMaxEntries; ++i) ASSERT_TRUE(store.put(std::to_string(i)));
  EXPECT_NE(store.find(base::sha256_hex("1")), nullptr);
  EXPECT_NE(store.find(first), nullptr);  // now the most recently used
  ASSERT_TRUE(store.put("one more"));
  ASSERT_TRUE(store.put("and another"));
  EXPECT_EQ(store.find(base::sha256_hex("2")), nullptr);
  EXPECT_NE(store.find(first), nullptr);
}

}  // namespace
}  // namespace edgetran::profile
