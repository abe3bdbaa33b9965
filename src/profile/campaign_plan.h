#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace edgetran::profile {

// The order of a campaign: many models on the deployments of a board (profiling.md, section 5).
//
// Why this order. A board changes while it is measured (heat, neighbours, updates). An order by
// model or by deployment would turn such a change into a difference between models; a random order
// turns it into noise, a sentinel shows it, repeats measure what is left. The best randomisation is
// one permutation of all (model, deployment) pairs. What loading costs speaks against going that
// far: every measurement loads anew (a deployment has a precision and threads of its own, so no
// compiled model is shared), but a model's file, made and sent once, serves all its deployments,
// and hundreds of files of 30 to 400 MB can be kept neither here nor in a board's memory. So models
// come in a random order in groups of kGroupModels, and within a group all pairs of its models with
// the deployments are shuffled: each file is made and sent once and kept for one group. A group of
// 8 models on 3 deployments spans two or three sentinels, so a drift of the board still falls on
// models and deployments at random.
//
// The order is a function of (seed, names) alone: a model's place is drawn from a stream named by
// the board and the model, not from its line in a file. Hence it is the same after a crash, adding
// a board changes no other board's order, and adding a model moves others by places only.

/// Models whose files are kept at a time; see above.
inline constexpr size_t kGroupModels = 8;

enum class StepKind { kSentinel, kCandidate, kRepeat };

/// "sentinel", "candidate", "repeat".
std::string_view step_name(StepKind kind);

/// One measurement of a board's campaign; its number is its index in the board's list.
struct CampaignStep {
  StepKind kind = StepKind::kCandidate;
  std::string model;
  std::string deployment;
  std::optional<size_t> repeats;  ///< kRepeat: the step of the candidate that is measured again
  std::optional<size_t> retries;  ///< the first attempt at what failed or was INVALID
  int64_t attempt = 1;
  bool operator==(const CampaignStep&) const = default;
};

/// What is measured on one board. Names are unique; `models` is not empty.
struct BoardCampaign {
  std::string board;
  std::vector<std::string> deployments;
  std::vector<std::string> models;
  std::string sentinel_model;
  std::string sentinel_deployment;
  uint64_t seed = 0;
  int64_t sentinel_every = 10;  ///< measurements between two sentinels, at most
  double repeats = 0.05;        ///< share of pairs that are measured twice, in [0, 1]
};

/// All steps of a board whose measurements succeed. Every pair once; ceil(repeats x pairs) of them
/// once more, at least half the campaign after the first time (a change of the board between them
/// is what a repeat is for); a sentinel first, after every `sentinel_every` others, and last.
std::vector<CampaignStep> plan_board(const BoardCampaign& campaign);

enum class StepOutcome {
  kPending,
  kUsable,   ///< VALID or FLAGGED
  kInvalid,  ///< there is a record, but it is INVALID
  kFailed,   ///< no record; trying again may help
  kRefused,  ///< no record, and there never will be: the request itself is at fault
};

/// Attempts at a measurement that fails: the first and two more.
inline constexpr int64_t kMostAttempts = 3;
/// Attempts at one that is INVALID: once more, and then it stays so.
inline constexpr int64_t kMostInvalid = 2;

/// The steps that follow when all of `steps` have an outcome: what failed or was INVALID once more,
/// in the same order, then a sentinel (and one after every `sentinel_every`, as before). Sentinels
/// are not tried again: their moment has passed. Empty when the board is finished. A function of
/// its arguments alone, so that a campaign that was interrupted goes on as it would have.
std::vector<CampaignStep> further_steps(const BoardCampaign& campaign,
                                        std::span<const CampaignStep> steps,
                                        std::span<const StepOutcome> outcomes);

/// The steps, with every further one that `outcomes` (by index; missing ones are pending) call for.
std::vector<CampaignStep> all_steps(const BoardCampaign& campaign,
                                    std::span<const StepOutcome> outcomes);

}  // namespace edgetran::profile
