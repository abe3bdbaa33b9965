#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/random.h"
#include "base/result.h"
#include "report/quality.h"
#include "search/method.h"
#include "service/request.h"
#include "service/study/hardware.h"
#include "service/study/study_config.h"
#include "service/study/study_task.h"
#include "service/study/training_pool.h"
#include "store/study_store.h"

namespace edgetran::service {

/// Runs a study from wherever its folder stands to its end. Every result is in the event log
/// before anything is built on it, and what is asked for next depends on the log only; so a study
/// that was killed continues as if it had not been. Folder: events.jsonl, study.db, artifacts/,
/// trials/NNNN/ (spec.json, checkpoint/, rung-R/ model folders), deploy/.
class StudyRunner {
 public:
  /// Opens or creates the study. kUsage where the folder holds a study with another configuration
  /// (the first difference is named); kResource where another process runs it.
  static base::Result<std::unique_ptr<StudyRunner>> open(Context& context, StudyConfig config,
                                                         const std::filesystem::path& folder);

  /// Works until the search is finished, then runs the baseline and deploys the recommended pair.
  /// kInterrupted after a cancel: the same call continues. kInfeasible: nothing satisfies the
  /// constraints (the study is finished all the same).
  base::Status run();

  base::Result<store::StudyView> view() const { return store_.view(); }
  /// Puts failed trials back in line. Returns how many.
  base::Result<int64_t> retry_failed();

 private:
  StudyRunner(Context& context, StudyConfig config, store::StudyStore store)
      : context_(context), config_(std::move(config)), store_(std::move(store)) {}

  base::Status prepare();
  base::Status create_or_check();
  base::Status replay();
  base::Status reconcile_states();
  base::Status search();
  base::Result<bool> step();
  void sort_new_work();
  base::Status describe(const search::Work& work);
  base::Status measure(const search::Work& work);
  base::Result<TrainingTask> training_task(const search::Work& work) const;
  base::Status finish_training(TrainingDone done);
  /// Tells the search, then logs the event and every change of state that followed.
  base::Status settle(const search::Work& work, const search::Outcome& outcome,
                      std::string_view type, base::Json payload);
  base::Status settle_failure(const search::Work& work, const base::Error& error);
  base::Status log_states();
  base::Status run_baseline();
  base::Status deploy();
  base::Status finish(int64_t trial, const std::string& device);
  void remove_leftovers() const;
  base::Error interrupted() const;

  const search::Trial& trial(int64_t id) const;
  std::filesystem::path trial_folder(int64_t id) const;
  uint64_t seed_of(const char* purpose, uint64_t index) const;
  void message(const std::string& text);

  Context& context_;
  StudyConfig config_;
  store::StudyStore store_;
  PreparedTask task_;
  report::Quality quality_;
  std::unique_ptr<Hardware> hardware_;
  std::unique_ptr<search::Method> method_;
  std::unique_ptr<TrainingPool> pool_;
  std::deque<search::Work> to_describe_, to_measure_, to_train_;
  std::set<std::string> answered_;  ///< devices that measured at least once
};

}  // namespace edgetran::service
