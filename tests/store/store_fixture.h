#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/files.h"
#include "base/random.h"
#include "store/event_log.h"
#include "store/study_events.h"
#include "store/study_store.h"

namespace edgetran::store {

/// The value of a result that must be there.
template <class T>
T value_of(base::Result<T> result) {
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message);
  return std::move(result).value();
}

/// A folder for each test.
class StoreTest : public testing::Test {
 protected:
  const std::filesystem::path& folder() const { return temporary_.path(); }
  std::filesystem::path log_path() const { return folder() / kLogFile; }
  std::string log_text() const { return value_of(base::read_file(log_path())); }
  void write_log(const std::string& text) const {
    ASSERT_TRUE(base::write_file_atomic(log_path(), text).has_value());
  }
  base::Result<EventLog> open_log() { return EventLog::open(folder(), clock_, ids_); }
  base::Result<StudyStore> open_store() { return StudyStore::open(folder(), clock_, ids_); }

  base::ManualClock clock_;
  base::RandomStream ids_{1, "store_test"};

 private:
  base::TemporaryFolder temporary_ = value_of(base::TemporaryFolder::create("edgetran-store"));
};

inline base::Json parsed(std::string_view text) { return value_of(base::parse_json(text, "test")); }

/// Payloads of a small whole study, in order.
inline std::vector<std::pair<std::string, base::Json>> study_story() {
  return {
      {"study.created", parsed(R"({"name": "demo", "seed": 18446744073709551615,
        "config": {"space": "demo.yaml"},
        "objectives": [{"name": "accuracy", "goal": "maximize"},
                       {"name": "latency_s", "goal": "minimize", "unit": "s"}],
        "constraints": [{"name": "latency_s", "max": 0.02}],
        "devices": ["slow", {"name": "fast", "threads": 2}]})")},
      {"trial.created", parsed(R"({"trial": 1, "spec": {"layers": []}, "spec_hash": "aa",
        "parameters": 1000, "flops": 2000})")},
      {"trial.created", parsed(R"({"trial": 2, "spec": {"layers": [1]}, "spec_hash": "bb",
        "parameters": 3000, "flops": 4000})")},
      {"trial.measured", parsed(R"({"trial": 1, "device": "fast", "record": {
        "latency": {"median_s": 0.01, "low_s": 0.009, "high_s": 0.011}, "energy": null,
        "memory": {"peak_rss_bytes": 5000, "model_bytes": 400}}})")},
      {"trial.measured", parsed(R"({"trial": 1, "device": "slow", "record": {
        "latency": {"median_s": 0.03}}})")},
      {"trial.state", parsed(R"({"trial": 2, "state": "failed", "device": "slow",
        "reason": "no lease"})")},
      {"trial.state", parsed(R"({"trial": 1, "state": "running"})")},
      {"trial.trained", parsed(R"({"trial": 1, "rung": 0, "tokens": 100,
        "metrics": {"accuracy": 0.4, "loss": 2.5}, "seconds": 3.5, "model": "trials/1/rung-0"})")},
      {"trial.trained", parsed(R"({"trial": 1, "rung": 1, "tokens": 300,
        "metrics": {"accuracy": 0.6, "loss": 1.5}, "seconds": 7, "model": "trials/1/rung-1"})")},
      {"trial.state", parsed(R"({"trial": 1, "state": "complete"})")},
      {"trial.state", parsed(R"({"trial": 2, "state": "failed", "reason": "out of memory"})")},
      {"study.baseline", parsed(R"({"name": "majority class", "metrics": {"accuracy": 0.12},
        "rows": 500})")},
      {"study.deployed", parsed(R"({"trial": 1, "device": "fast", "files": {"onnx": "model.onnx"},
        "parity": {"max_difference": 1e-6}, "metrics": {"accuracy": 0.59}})")},
      {"study.finished", parsed(R"({"recommended": {"trial": 1, "device": "fast"}})")},
  };
}

}  // namespace edgetran::store
