#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "profile/campaign_plan.h"
#include "profile/comparison.h"

namespace edgetran::profile {

/// Median latency of a measurement with its 95 % interval; all positive.
struct StepLatency {
  double median_s = 0;
  double low_s = 0;
  double high_s = 0;
};

/// A sentinel that moved by more marks its batches (profiling.md, section 5).
inline constexpr double kDriftLimit = 0.03;

enum class DriftState {
  kReference,  ///< the first sentinel: nothing to hold it against
  kSteady,     ///< within the limit
  kUnclear,    ///< beyond the limit, but the intervals allow that nothing moved
  kDrift,      ///< beyond the limit, and the intervals leave out that nothing moved
  kMissing,    ///< the sentinel was not measured
};

/// "reference", "steady", "unclear", "DRIFT", "missing".
std::string_view drift_name(DriftState state);

/// A sentinel against its running reference: the median over the sentinels before it, of their
/// medians and of both ends of their intervals. A median does not follow a slow drift as a mean of
/// the last few would, and one bad sentinel does not move it.
struct SentinelDrift {
  size_t step = 0;
  DriftState state = DriftState::kMissing;
  double ratio = 1;            ///< latency over the reference
  Interval interval = {1, 1};  ///< of the ratio: widest where both are at the ends of theirs
};

/// For each sentinel in `steps`, in order. `latencies` by step; none where there is no usable one.
std::vector<SentinelDrift> sentinel_drifts(std::span<const CampaignStep> steps,
                                           std::span<const std::optional<StepLatency>> latencies);

enum class BatchState {
  kOpen,       ///< the sentinel after it is still to come
  kSteady,     ///< both sentinels are within the limit, of the reference and of each other
  kUnclear,    ///< a sentinel is beyond the limit, but its interval allows that nothing moved
  kDrift,      ///< marked: one of its sentinels drifted, or the board moved between them
  kUnwatched,  ///< a sentinel is missing
};

/// "open", "steady", "unclear", "DRIFT", "unwatched".
std::string_view batch_name(BatchState state);

/// The measurements between two sentinels; numbered from 1 on each board.
struct Batch {
  size_t first = 0;  ///< the step after the opening sentinel
  size_t end = 0;    ///< one past the last: the closing sentinel, or the end of what is planned
  BatchState state = BatchState::kOpen;
  double change = 1;  ///< closing over opening sentinel; 1 where one is missing
};

/// `settled`: how many steps have an outcome; a batch whose closing sentinel has none is open.
/// A campaign that was interrupted within a batch needs no sentinel of its own: what changed while
/// it stood still lies between the batch's two sentinels.
std::vector<Batch> judge_batches(std::span<const CampaignStep> steps,
                                 std::span<const std::optional<StepLatency>> latencies,
                                 size_t settled);

/// The batch (index) in which a step lies; none for sentinels.
std::optional<size_t> batch_of(std::span<const Batch> batches, size_t step);

/// A repeat and its original, both with a usable latency: of each the last attempt.
struct RepeatPair {
  size_t original = 0;  ///< step of the candidate's latency
  size_t repeat = 0;
  double log_ratio = 0;  ///< log(repeat / original)
};
std::vector<RepeatPair> repeat_pairs(std::span<const CampaignStep> steps,
                                     std::span<const std::optional<StepLatency>> latencies);

/// For each first attempt, the index of the attempt that counts: the last usable one, else the last
/// with a record, else the last that was made. `outcomes` by step; what is pending counts last.
/// Steps that are later attempts map to the same index.
std::vector<size_t> final_attempts(std::span<const CampaignStep> steps,
                                   std::span<const StepOutcome> outcomes);

}  // namespace edgetran::profile
