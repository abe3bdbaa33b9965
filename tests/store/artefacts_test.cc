#include "store/artefacts.h"

#include <gmock/gmock.h>

#include "base/hash.h"
#include "store_fixture.h"

namespace edgetran::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class ArtefactsTest : public StoreTest {
 protected:
  Artefacts artefacts_{folder() / "artifacts"};
};

TEST_F(ArtefactsTest, AreNamedByTheirContent) {
  const std::string name = value_of(artefacts_.put_bytes("abc"));
  EXPECT_EQ(name, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(value_of(artefacts_.get(name)), "abc");
  EXPECT_TRUE(artefacts_.verify(name).has_value());
  EXPECT_EQ(value_of(artefacts_.put_bytes("abc")), name);
  EXPECT_THAT(value_of(artefacts_.list()), ElementsAre(name)) << "stored once";
}

TEST_F(ArtefactsTest, TakeFilesOfAnySize) {
  for (const size_t size : {size_t{0}, size_t{1}, (size_t{3} << 20) + 1}) {
    const std::string bytes(size, 'z');
    const auto file = folder() / "input";
    ASSERT_TRUE(base::write_file_atomic(file, bytes).has_value());
    const std::string name = value_of(artefacts_.put_file(file));
    EXPECT_EQ(name, base::sha256_hex(bytes));
    EXPECT_EQ(value_of(artefacts_.get(name)), bytes);
  }
}

TEST_F(ArtefactsTest, NoticeChangedContent) {
  const std::string name = value_of(artefacts_.put_bytes("abc"));
  ASSERT_TRUE(base::write_file_atomic(value_of(artefacts_.path(name)), "abd").has_value());
  EXPECT_EQ(artefacts_.verify(name).error().category, base::ErrorCategory::kCorrupt);
  EXPECT_EQ(artefacts_.get(name).error().category, base::ErrorCategory::kCorrupt);
}

TEST_F(ArtefactsTest, RefuseNamesThatAreNoHash) {
  EXPECT_EQ(artefacts_.path("../../etc/passwd").error().category, base::ErrorCategory::kUsage);
  EXPECT_EQ(artefacts_.path(std::string(64, 'A')).error().category, base::ErrorCategory::kUsage);
  EXPECT_EQ(artefacts_.path(std::string(64, 'a')).error().category, base::ErrorCategory::kNotFound);
}

TEST_F(ArtefactsTest, CollectOnlyWhatIsNotKept) {
  const std::string kept = value_of(artefacts_.put_bytes("kept"));
  const std::string gone = value_of(artefacts_.put_bytes("gone!"));
  const auto collected = value_of(artefacts_.collect_garbage({kept}));
  EXPECT_EQ(collected.files, 1);
  EXPECT_EQ(collected.bytes, 5U);
  EXPECT_THAT(value_of(artefacts_.list()), ElementsAre(kept));
  EXPECT_FALSE(artefacts_.path(gone).has_value());
}

TEST_F(ArtefactsTest, AnEmptyStoreIsEmpty) {
  EXPECT_THAT(value_of(artefacts_.list()), IsEmpty());
  EXPECT_EQ(value_of(artefacts_.collect_garbage({})).files, 0);
}

std::string digits(char c) { return std::string(64, c); }

TrialView trial_of(int64_t id, const char* state, double accuracy, char model) {
  TrialView trial;
  trial.trial = id;
  trial.state = state;
  trial.rungs.push_back({0, 10, {{"accuracy", 0.99}}, 1, "sha256:" + digits('0')});  // superseded
  trial.rungs.push_back({1, 30, {{"accuracy", accuracy}}, 1, "sha256:" + digits(model)});
  return trial;
}

TEST(Retention, KeepsOpenBestDeployedAndReferenced) {
  StudyView study;
  study.objectives = {{"accuracy", "", true}};
  study.trials = {trial_of(1, "complete", 0.5, '1'), trial_of(2, "complete", 0.9, '2'),
                  trial_of(3, "stopped", 0.7, '3'), trial_of(4, "running", 0.1, '4'),
                  trial_of(5, "abandoned", 0.95, '5')};
  study.trials[0].measurements.push_back({"d", {{"raw", {{"sha256", digits('a')}}}}});
  EXPECT_THAT(retained_artefacts(study, 1),
              UnorderedElementsAre(digits('2'), digits('4'), digits('a')));
  EXPECT_THAT(retained_artefacts(study, 2),
              UnorderedElementsAre(digits('2'), digits('3'), digits('4'), digits('a')));
  DeployedView deployed;
  deployed.trial = 1;
  deployed.files = {{"onnx", "sha256:" + digits('b')}};
  study.deployed.push_back(deployed);
  EXPECT_THAT(
      retained_artefacts(study, 1),
      UnorderedElementsAre(digits('1'), digits('2'), digits('4'), digits('a'), digits('b')));
}

}  // namespace
}  // namespace edgetran::store
