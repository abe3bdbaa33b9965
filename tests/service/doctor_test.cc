#include "service/doctor/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "places.h"
#include "service/doctor/place_checks.h"
#include "service/doctor_fixture.h"

namespace edgetran::service {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// -- folders and tools ----------------------------------------------------------------------------

TEST_F(Doctor, CardsThatCannotBeReadAreNamed) {
  EXPECT_EQ(check_cards(path("cards")).at(0).status, CheckStatus::kMissing);
  write("cards/bad.yaml", "board: [\n");
  write("cards/good.yaml",
        base::read_file(places::source() / "devices" / "simulated-board.yaml").value());
  const Checks checks = check_cards(path("cards"));
  ASSERT_EQ(checks.size(), 2U);
  EXPECT_EQ(checks[0].status, CheckStatus::kOk);
  EXPECT_THAT(checks[0].seen, StartsWith("1 with "));
  EXPECT_EQ(checks[1].name, "card bad.yaml");
  EXPECT_EQ(checks[1].status, CheckStatus::kFailed);
  EXPECT_THAT(checks[1].fix, HasSubstr("edgetran device show"));
}

TEST_F(Doctor, AFolderThatIsNotThereYetIsJudgedByTheOneAbove) {
  EXPECT_EQ(check_folder("cache", path("a/b/c")).status, CheckStatus::kOk);
  EXPECT_FALSE(std::filesystem::exists(path("a")));
  EXPECT_EQ(check_folder("cache", "/proc/cache").status, CheckStatus::kWarning);
}

TEST_F(Doctor, ToolsAreLookedForInPath) {
  const Checks checks = check_tools(kLong_s);
  const DoctorCheck* python = find(checks, "python3");
  ASSERT_NE(python, nullptr);
  EXPECT_EQ(python->status, CheckStatus::kOk);  // this test's fakes run by it
  EXPECT_THAT(python->seen, StartsWith("Python 3."));
  EXPECT_EQ(children(), "");
}

// -- the whole ------------------------------------------------------------------------------------

TEST_F(Doctor, LooksAtEverythingAndChangesNothing) {
  service("edgetran-agent", "agent",
          {{"capabilities", capabilities()}, {"lease", {{"seconds", 1}}}});
  const auto diagnosis = diagnose({.programs = folder_.path(),
                                   .cache = path("cache"),
                                   .cards = path("cards"),
                                   .folder = folder_.path(),
                                   .root = "/",
                                   .limit_s = kLong_s});
  EXPECT_TRUE(diagnosis.measures);
  EXPECT_EQ(diagnosis.checks.at(0).name, "edgetran");
  EXPECT_EQ(diagnosis.checks.at(1).name, "edgetran-agent");
  EXPECT_EQ(diagnosis.checks.at(2).name, "edgetran-worker");
  EXPECT_FALSE(std::filesystem::exists(path("cache")));
  EXPECT_FALSE(std::filesystem::exists(path("cards")));
  for (const DoctorCheck& check : diagnosis.checks) {
    EXPECT_FALSE(check.seen.empty()) << check.name;
    EXPECT_EQ(check.fix.find('\n'), std::string::npos) << check.name;
  }
}

TEST(DoctorText, ShowsGroupsWordsAndFixesOnLinesOfTheirOwn) {
  const Checks checks = {{"programs", "edgetran", CheckStatus::kOk, "0.1.0", ""},
                         {"programs", "agent", CheckStatus::kFailed, "exited", "make build"},
                         {"tools", "ssh", CheckStatus::kMissing, "not installed\x1b[31m", ""}};
  EXPECT_EQ(checks_text(checks, false),
            "programs\n"
            "  ✓ ok       edgetran  0.1.0\n"
            "  ✗ failed   agent     exited\n"
            "                       $ make build\n"
            "\n"
            "tools\n"
            "  ○ missing  ssh       not installed\uFFFD[31m\n"
            "\n"
            "nothing can be measured here; 1 failed and 1 missing\n");
}

}  // namespace
}  // namespace edgetran::service
