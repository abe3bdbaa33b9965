#include "train/job_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "fake_worker.h"

namespace edgetran::train {
namespace {

using base::ErrorCategory;
using ::testing::HasSubstr;

/// Keeps the events; may cancel at the first.
class Recorder final : public base::EventSink {
 public:
  explicit Recorder(int cancels = 0) : cancels_(cancels) {}
  void emit(const base::Event& event) override {
    events.push_back(event);
    for (; cancels_ > 0; --cancels_) cancel.request();
  }
  std::vector<base::Event> events;
  base::CancelToken cancel;

 private:
  int cancels_;
};

class JobClientTest : public ::testing::Test {
 protected:
  base::Result<JobClient> start(const std::string& mode) {
    WorkerOptions options;
    options.program = make_fake_worker(folder_, mode);
    options.log = folder_.path() / "log";
    options.hello_timeout_s = 20;
    return JobClient::start(options);
  }
  /// The error with which a worker in this mode ends its first job.
  base::Error run_failing(const std::string& mode) {
    auto client = start(mode);
    EXPECT_TRUE(client) << client.error().message;
    if (!client) return {};
    const auto result = client->run(TrainJob{}, recorder_, recorder_.cancel);
    EXPECT_FALSE(result);
    alive_ = client->alive();
    return result ? base::Error{} : result.error();
  }

  base::TemporaryFolder folder_ = base::TemporaryFolder::create("job-client").value();
  Recorder recorder_;
  bool alive_ = true;
};

TEST_F(JobClientTest, StreamsEventsAndReturnsTheResult) {
  auto client = start("works");
  ASSERT_TRUE(client) << client.error().message;
  const auto result = client->run(TrainJob{}, recorder_, recorder_.cancel);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->metrics["accuracy"], 0.5);
  EXPECT_EQ(result->tokens, 640);
  ASSERT_EQ(recorder_.events.size(), 1U);
  EXPECT_EQ(recorder_.events[0].name, "progress");
  EXPECT_EQ(recorder_.events[0].fields["tokens"], 128);
}

TEST_F(JobClientTest, RunsSeveralJobsInTurnInOneWorker) {
  auto client = start("works");
  ASSERT_TRUE(client) << client.error().message;
  EXPECT_TRUE(client->run(TrainJob{}, recorder_, recorder_.cancel));
  EXPECT_TRUE(client->alive());
  EXPECT_TRUE(client->run(TrainJob{}, recorder_, recorder_.cancel));
  EXPECT_EQ(recorder_.events.size(), 2U);
}

TEST_F(JobClientTest, NamesAMissingProgram) {
  WorkerOptions options;
  options.program = folder_.path() / "absent";
  const auto client = JobClient::start(options);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().category, ErrorCategory::kNotFound);
  EXPECT_THAT(client.error().message, HasSubstr("absent"));
}

TEST_F(JobClientTest, RefusesAnotherService) {
  const auto client = start("wrong_service");
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().category, ErrorCategory::kProtocol);
  EXPECT_THAT(client.error().message, HasSubstr("measure"));
}

TEST_F(JobClientTest, GivesUpOnAProgramThatNeverSpeaks) {
  WorkerOptions options;
  options.program = make_fake_worker(folder_, "never_speaks");
  options.hello_timeout_s = 0.2;
  const auto client = JobClient::start(options);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().category, ErrorCategory::kProtocol);
}

TEST_F(JobClientTest, ReportsACrashWithItsSignal) {
  const auto error = run_failing("crash");
  EXPECT_EQ(error.category, ErrorCategory::kFailed);
  EXPECT_THAT(error.message, HasSubstr("SIGSEGV"));
  EXPECT_THAT(error.hint, HasSubstr("log"));
  EXPECT_FALSE(alive_);
}

TEST_F(JobClientTest, ReportsAnExitCode) {
  const auto error = run_failing("exits");
  EXPECT_EQ(error.category, ErrorCategory::kFailed);
  EXPECT_THAT(error.message, HasSubstr("code 3"));
}

TEST_F(JobClientTest, ReportsAKill) {
  const auto error = run_failing("killed");
  EXPECT_EQ(error.category, ErrorCategory::kFailed);
  EXPECT_THAT(error.message, HasSubstr("signal 9"));
}

TEST_F(JobClientTest, ReportsAnEndBeforeTheAnswer) {
  const auto error = run_failing("leaves");
  EXPECT_EQ(error.category, ErrorCategory::kProtocol);
  EXPECT_THAT(error.message, HasSubstr("ended before its answer"));
}

TEST_F(JobClientTest, ReportsNoiseOnTheLineAndEndsTheWorker) {
  const auto error = run_failing("garbles");
  EXPECT_EQ(error.category, ErrorCategory::kProtocol);
  EXPECT_FALSE(alive_);
}

TEST_F(JobClientTest, ReportsAResultThatIsNone) {
  const auto error = run_failing("bad_result");
  EXPECT_EQ(error.category, ErrorCategory::kProtocol);
  EXPECT_FALSE(alive_);
}

TEST_F(JobClientTest, PassesTheWorkersOwnErrorOnAndStaysAlive) {
  const auto error = run_failing("refuses");
  EXPECT_EQ(error.category, ErrorCategory::kResource);
  EXPECT_EQ(error.message, "out of memory");
  EXPECT_EQ(error.hint, "use a smaller batch");
  EXPECT_TRUE(alive_);
}

TEST_F(JobClientTest, RefusesAJobOnceTheWorkerIsGone) {
  auto client = start("exits");
  ASSERT_TRUE(client);
  EXPECT_FALSE(client->run(TrainJob{}, recorder_, recorder_.cancel));
  const auto second = client->run(TrainJob{}, recorder_, recorder_.cancel);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("has ended"));
}

TEST_F(JobClientTest, CancelLetsTheWorkerReport) {
  auto client = start("waits_for_cancel");
  ASSERT_TRUE(client);
  Recorder recorder(1);
  const auto result = client->run(TrainJob{}, recorder, recorder.cancel);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().category, ErrorCategory::kInterrupted);
  EXPECT_THAT(result.error().message, HasSubstr("128 tokens"));
  EXPECT_TRUE(client->alive());
}

TEST_F(JobClientTest, SecondCancelKillsADeafWorker) {
  auto client = start("deaf");
  ASSERT_TRUE(client);
  Recorder recorder(2);
  const auto result = client->run(TrainJob{}, recorder, recorder.cancel);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().category, ErrorCategory::kInterrupted);
  EXPECT_FALSE(client->alive());
}

}  // namespace
}  // namespace edgetran::train
