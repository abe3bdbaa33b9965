#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "search/problem.h"
#include "space/design_space.h"

namespace edgetran::search {

/// search.md, section 3. kFailed can be retried; kStopped ended early on purpose.
enum class TrialState { kWaiting, kRunning, kComplete, kStopped, kInfeasible, kFailed, kAbandoned };
/// "waiting", "running", ...
std::string_view state_name(TrialState state);
base::Result<TrialState> state_from_name(std::string_view name);

/// One thing to be done for a trial.
struct Work {
  enum class Kind { kDescribe, kMeasure, kTrain };
  Kind kind = Kind::kDescribe;
  int64_t trial = 0;
  std::string device{};     ///< kMeasure
  int64_t rung = 0;         ///< kTrain
  int64_t from_tokens = 0;  ///< kTrain: where the checkpoint of the rung below stands
  int64_t to_tokens = 0;    ///< kTrain
  bool operator==(const Work&) const = default;
  /// "train trial 3 to rung 1 (40000 tokens)"
  std::string text() const;
};

/// What became of a Work. Failures carry a reason and never a value.
struct Outcome {
  enum class Kind { kDone, kFailed };
  Kind kind = Kind::kDone;
  Metrics metrics{};     ///< kDone: kDescribe parameters, flops; kMeasure latency_s, ...; kTrain
                         ///< accuracy, ...
  std::string reason{};  ///< kFailed
};

/// What is known of a trial (an encoder with its measurements on every device).
struct Trial {
  int64_t id = 0;  ///< from 1, in order of proposal
  space::ModelSpec spec;
  std::string spec_hash;
  TrialState state = TrialState::kWaiting;
  std::string reason;                             ///< of kStopped, kInfeasible, kFailed
  Metrics described;                              ///< empty until told
  std::map<std::string, Metrics> measured;        ///< by device
  std::map<std::string, std::string> unmeasured;  ///< device -> why it failed there
  std::vector<Metrics> rungs;                     ///< results of training, rung by rung
};

/// A trial on a device with all that is known of the two.
struct Pair {
  int64_t trial = 0;
  std::string device;
  Metrics metrics;
  bool complete = false;  ///< the trial is kComplete: trained as far as the search goes
};

/// A search as a pure state machine: what it asks for next depends on how it was made and on what
/// it was told, in that order, and on nothing else. So telling a new instance the outcomes of a
/// log, in their order, restores the search; work that was handed out but not told is asked again.
/// Not thread-safe.
class Method {
 public:
  virtual ~Method() = default;

  /// Up to `count` items that can be worked on now, side by side, and were not handed out before.
  /// Empty with finished() false: results of pending items are needed first.
  virtual std::vector<Work> ask(size_t count) = 0;
  /// Result of an item, handed out by this instance or one before it. An item that this search
  /// would not have asked for is kCorrupt: the history belongs to another search.
  virtual base::Status tell(const Work& work, const Outcome& outcome) = 0;
  /// Puts a kFailed trial back where it failed. Other states: kUsage.
  virtual base::Status retry(int64_t trial) = 0;
  /// Gives an unfinished or failed trial up for good. Finished ones: kUsage.
  virtual base::Status abandon(int64_t trial) = 0;

  virtual bool finished() const = 0;
  /// All trials proposed so far, by id.
  virtual const std::vector<Trial>& trials() const = 0;
  /// Ids of the trials whose state or reason changed since the last call, ascending; for logs.
  virtual std::vector<int64_t> take_changed() = 0;
  /// Every measured pair of a trial that was trained at least once.
  virtual std::vector<Pair> pairs() const = 0;
};

/// What every method needs.
struct MethodInput {
  space::DesignSpace space;
  std::vector<std::string> devices;  ///< names of deployments, without repeats
  Problem problem;
  uint64_t seed = 0;
};

/// A method and how it is made from the `search` section of a study (without the key `method`).
struct MethodInfo {
  std::string name;
  std::string text;
  base::Result<std::unique_ptr<Method>> (*make)(base::ConfigMap& settings, MethodInput input);
};

/// All methods; a new one adds its line in method_registry.cc.
const std::vector<MethodInfo>& methods();

/// Makes the method that `settings` names under `method` (default "random"); an unknown name or
/// key is an error with the nearest known one.
base::Result<std::unique_ptr<Method>> make_method(const base::ConfigValue& settings,
                                                  MethodInput input);

}  // namespace edgetran::search
