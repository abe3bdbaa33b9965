#include "store/study_store.h"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include "store/projection.h"
#include "store_fixture.h"

namespace edgetran::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class StudyStoreTest : public StoreTest {
 protected:
  std::filesystem::path database_path() const { return folder() / kProjectionFile; }

  void tell_story(StudyStore& store) {
    for (auto& [type, payload] : study_story()) {
      clock_.advance(1);
      const auto appended = store.append(type, payload);
      ASSERT_TRUE(appended.has_value()) << appended.error().message;
    }
  }
  void tell_story() {
    StudyStore store = value_of(open_store());
    tell_story(store);
  }
  void run_sql(const char* sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(database_path().c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
};

void expect_whole_story(const StudyView& view) {
  EXPECT_EQ(view.name, "demo");
  EXPECT_EQ(view.seed, 18446744073709551615U);
  EXPECT_EQ(view.config["space"], "demo.yaml");
  EXPECT_EQ(view.updated_s - view.created_s, 13);
  ASSERT_EQ(view.objectives.size(), 2U);
  EXPECT_TRUE(view.objectives[0].maximize);
  EXPECT_EQ(view.objectives[1].unit, "s");
  ASSERT_EQ(view.constraints.size(), 1U);
  EXPECT_EQ(view.constraints[0].max, 0.02);
  EXPECT_FALSE(view.constraints[0].min.has_value());
  ASSERT_EQ(view.devices.size(), 2U);
  EXPECT_EQ(view.devices[0].name, "slow");
  EXPECT_EQ(view.devices[1].card["threads"], 2);
  ASSERT_EQ(view.trials.size(), 2U);
  const TrialView& first = view.trials[0];
  EXPECT_EQ(first.state, "complete");
  EXPECT_EQ(first.parameters, 1000);
  ASSERT_EQ(first.rungs.size(), 2U);
  EXPECT_EQ(first.rungs[1].tokens, 300);
  EXPECT_EQ(first.rungs[1].seconds, 7);
  EXPECT_EQ(first.rungs[1].model, "trials/1/rung-1");
  ASSERT_EQ(first.measurements.size(), 2U);
  EXPECT_EQ(first.measurements[0].device, "slow") << "in the order of the study's devices";
  EXPECT_THAT(
      pair_metrics(first, "fast"),
      ElementsAre(Pair("accuracy", 0.6), Pair("flops", 2000), Pair("latency_high_s", 0.011),
                  Pair("latency_low_s", 0.009), Pair("latency_s", 0.01), Pair("loss", 1.5),
                  Pair("memory_bytes", 5000), Pair("model_bytes", 400), Pair("parameters", 1000)));
  EXPECT_EQ(view.trials[1].state, "failed");
  EXPECT_EQ(view.trials[1].reason, "out of memory");
  EXPECT_THAT(view.trials[1].unmeasured, ElementsAre(Pair("slow", "no lease")));
  ASSERT_EQ(view.baselines.size(), 1U);
  EXPECT_EQ(view.baselines[0].rows, 500);
  ASSERT_EQ(view.deployed.size(), 1U);
  EXPECT_EQ(view.deployed[0].files["onnx"], "model.onnx");
  EXPECT_EQ(view.deployed[0].metrics.at("accuracy"), 0.59);
  EXPECT_TRUE(view.finished);
  EXPECT_EQ(view.result["recommended"]["trial"], 1);
  EXPECT_EQ(view.event_counts.at("trial.trained"), 2);
  EXPECT_THAT(view.notes, ElementsAre("trial 2 failed: out of memory",
                                      "trial 2 could not be measured on slow: no lease"));
}

TEST_F(StudyStoreTest, ViewsTheWholeStory) {
  StudyStore store = value_of(open_store());
  tell_story(store);
  expect_whole_story(value_of(store.view()));
}

TEST_F(StudyStoreTest, ViewsItAfterReopeningAndFromAReader) {
  tell_story();
  expect_whole_story(value_of(value_of(open_store()).view()));
  expect_whole_story(value_of(read_study(folder())));
}

TEST_F(StudyStoreTest, AReaderSeesARunningStudy) {
  StudyStore store = value_of(open_store());
  EXPECT_THAT(value_of(read_study(folder())).trials, IsEmpty());
  tell_story(store);
  expect_whole_story(value_of(read_study(folder())));
}

TEST_F(StudyStoreTest, RebuildsAMissingProjection) {
  tell_story();
  std::filesystem::remove(database_path());
  expect_whole_story(value_of(read_study(folder())));
  EXPECT_FALSE(std::filesystem::exists(database_path())) << "a reader writes nothing";
  expect_whole_story(value_of(value_of(open_store()).view()));
  EXPECT_TRUE(std::filesystem::exists(database_path()));
}

TEST_F(StudyStoreTest, RebuildsADamagedProjection) {
  tell_story();
  const std::vector<std::string> damaged = {"this is no database at all, not even nearly one",
                                            std::string(100000, '\xff'), "SQLite format 3"};
  for (const std::string& junk : damaged) {
    ASSERT_TRUE(base::write_file_atomic(database_path(), junk).has_value());
    expect_whole_story(value_of(read_study(folder())));
    expect_whole_story(value_of(value_of(open_store()).view()));
  }
}

TEST_F(StudyStoreTest, RebuildsAProjectionOfAnotherLog) {
  tell_story();
  run_sql("UPDATE events SET id = 'another'; UPDATE trials SET parameters = 7;");
  expect_whole_story(value_of(read_study(folder())));
  expect_whole_story(value_of(value_of(open_store()).view()));
}

TEST_F(StudyStoreTest, CatchesUpWithALogThatWentOn) {
  tell_story();
  {
    EventLog log = value_of(open_log());  // as if killed between log and projection
    ASSERT_TRUE(log.append(kTrialState, {{"trial", 1}, {"state", "stopped"}}).has_value());
  }
  EXPECT_EQ(value_of(read_study(folder())).trials[0].state, "stopped");
  EXPECT_EQ(value_of(value_of(open_store()).view()).trials[0].state, "stopped");
}

TEST_F(StudyStoreTest, FollowsOnlyWhatIsNew) {
  tell_story();
  run_sql("UPDATE trials SET parameters = 7 WHERE trial = 1;");
  StudyStore store = value_of(open_store());
  EXPECT_EQ(value_of(store.view()).trials[0].parameters, 7) << "not projected again";
}

TEST_F(StudyStoreTest, RefusesANewerSchema) {
  tell_story();
  run_sql("INSERT INTO migrations VALUES(1000);");
  const auto store = open_store();
  ASSERT_FALSE(store.has_value());
  EXPECT_EQ(store.error().category, base::ErrorCategory::kUsage);
  EXPECT_THAT(store.error().message, HasSubstr("newer version of EdgeTran (schema 1000"));
  const auto view = read_study(folder());
  ASSERT_FALSE(view.has_value());
  EXPECT_THAT(view.error().message, HasSubstr("newer version"));
}

TEST_F(StudyStoreTest, RefusesEventsThatDoNotFitAndLogsNothing) {
  StudyStore store = value_of(open_store());
  const auto refused = [&](std::string_view type, base::Json payload) {
    const auto status = store.append(type, std::move(payload));
    EXPECT_FALSE(status.has_value());
    return status ? std::string() : status.error().message + " " + status.error().hint;
  };
  EXPECT_THAT(refused("trial.traind", base::Json::object()), HasSubstr("trial.trained"));
  EXPECT_THAT(refused(kTrialState, {{"trial", 1}}), HasSubstr("state is missing"));
  EXPECT_THAT(refused(kTrialState, {{"trial", "one"}, {"state", "x"}}), HasSubstr("an integer"));
  EXPECT_THAT(refused(kStudyBaseline, {{"name", "b"}, {"metrics", {{"accuracy", "high"}}}}),
              HasSubstr("finite numbers"));
  EXPECT_THAT(refused(kStudyBaseline,
                      {{"name", "b"},
                       {"metrics", {{"accuracy", std::numeric_limits<double>::quiet_NaN()}}}}),
              HasSubstr("finite numbers"));
  EXPECT_THAT(store.events(), IsEmpty());
}

TEST_F(StudyStoreTest, NotesEventsItCannotPlace) {
  {
    EventLog log = value_of(open_log());
    ASSERT_TRUE(log.append("some.future", base::Json::object()).has_value());
    ASSERT_TRUE(log.append(kTrialState, {{"trial", 7}, {"state", "running"}}).has_value());
  }
  const StudyView view = value_of(read_study(folder()));
  ASSERT_EQ(view.notes.size(), 2U);
  EXPECT_THAT(view.notes[0], HasSubstr("line 2: ignored: some.future"));
  EXPECT_THAT(view.notes[1], HasSubstr("trial 7, which was never created"));
  EXPECT_EQ(view.event_counts.at("some.future"), 1);
}

TEST_F(StudyStoreTest, AMeasurementAfterAFailureTakesItsPlace) {
  StudyStore store = value_of(open_store());
  tell_story(store);
  ASSERT_TRUE(store
                  .append(kTrialMeasured,
                          {{"trial", 2}, {"device", "slow"}, {"record", base::Json::object()}})
                  .has_value());
  const StudyView view = value_of(store.view());
  EXPECT_THAT(view.trials[1].unmeasured, IsEmpty());
  EXPECT_EQ(view.trials[1].measurements.size(), 1U);
}

TEST_F(StudyStoreTest, SaysWhatItRepaired) {
  tell_story();
  write_log(log_text() + "{\"id\":\"half an ev");
  const StudyView view = value_of(value_of(open_store()).view());
  EXPECT_THAT(view.notes, testing::Contains(HasSubstr("dropped 17 bytes")));
}

TEST_F(StudyStoreTest, NoStudyIsNotFound) {
  const auto view = read_study(folder() / "none");
  ASSERT_FALSE(view.has_value());
  EXPECT_EQ(view.error().category, base::ErrorCategory::kNotFound);
}

TEST(RecordMetrics, TakesTheLargestPeakOverBandwidths) {
  const Metrics metrics = record_metrics(parsed(R"({"energy": {"net_j": 2.5, "gross_j": 3},
      "power": {"mean_w": 1, "peak_w": [{"bandwidth_s": 0.1, "value_w": 4},
                                        {"bandwidth_s": 1, "value_w": 3}]}})"));
  EXPECT_THAT(metrics, ElementsAre(Pair("energy_j", 2.5), Pair("peak_power_w", 4)));
  EXPECT_THAT(record_metrics(nullptr), IsEmpty());
}

}  // namespace
}  // namespace edgetran::store
