#include "base/log.h"

#include <gtest/gtest.h>

namespace edgetran::base {
namespace {

/// What `act` writes to stderr.
template <class Act>
std::string stderr_of(Act act) {
  testing::internal::CaptureStderr();
  act();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, IsSilentUnlessALevelIsAskedFor) {
  EXPECT_EQ(stderr_of([] { Logger("test").write(LogLevel::kError, "lost"); }), "");
}

TEST(Log, WritesItsLevelAndWhatIsGraver) {
  const std::string lines = stderr_of([] {
    Logger logger("worker", LogLevel::kWarning);
    logger.write(LogLevel::kError, "an error");
    logger.write(LogLevel::kWarning, "a warning");
    logger.write(LogLevel::kInfo, "a detail");
  });
  EXPECT_NE(lines.find("worker["), std::string::npos);
  EXPECT_NE(lines.find("error: an error\n"), std::string::npos);
  EXPECT_NE(lines.find("a warning"), std::string::npos);
  EXPECT_EQ(lines.find("a detail"), std::string::npos);
}

TEST(Log, OneCallIsOneLineWhateverTheText) {
  const std::string lines = stderr_of(
      [] { Logger("worker", LogLevel::kInfo).write(LogLevel::kInfo, "{} first\nforged: line"); });
  EXPECT_EQ(lines.find('\n'), lines.size() - 1);
  EXPECT_NE(lines.find("{} first"), std::string::npos);
}

}  // namespace
}  // namespace edgetran::base
