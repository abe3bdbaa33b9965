#include "base/memory_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

#include "base/files.h"

namespace edgetran::base {
namespace {

TEST(MemoryFile, HoldsItsText) {
  const std::string text(200000, 'x');
  const auto file = MemoryFile::create("a test", text);
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(read_file(file->path()).value(), text);
}

TEST(MemoryFile, IsReadAndWrittenByAnotherProgram) {
  const auto file = MemoryFile::create("a test", "one\n");
  ASSERT_TRUE(file.has_value());
  const std::string path = file->path().string();
  ASSERT_EQ(std::system(("grep -q one " + path + " && echo two >> " + path).c_str()), 0);
  EXPECT_EQ(read_file(path).value(), "one\ntwo\n");
}

TEST(MemoryFile, EndsWithItsOwner) {
  std::filesystem::path path;
  {
    auto file = MemoryFile::create("a test", "one");
    ASSERT_TRUE(file.has_value());
    path = file->path();
    const MemoryFile moved = std::move(*file);
    EXPECT_EQ(moved.path(), path);
    EXPECT_TRUE(read_file(path).has_value());
  }
  EXPECT_FALSE(read_file(path).has_value());
}

}  // namespace
}  // namespace edgetran::base
