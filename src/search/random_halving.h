#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "search/method.h"

namespace edgetran::search {

/// Settings of RandomHalving (`search:` of a study).
struct RandomHalvingSettings {
  int64_t encoders = 12;           ///< how many are drawn
  std::vector<int64_t> rungs;      ///< training tokens, ascending, at least one
  double keep = 0.5;               ///< share of a rung that goes on, rounded up
  std::string sampling = "sobol";  ///< "sobol" or "uniform"
};

/// Reads encoders, rungs, keep and sampling; the caller finishes the map.
base::Result<RandomHalvingSettings> read_random_halving(base::ConfigMap& map);

/// Random search over (encoder, device) pairs with successive halving over training tokens.
///
/// Encoders are drawn at once from the space. Each is described (parameters, flops), measured on
/// every device, and then trained to the first rung, unless its known metrics break a constraint
/// on every device (kInfeasible). When every trial still alive has its result at a rung, the share
/// `keep` of them goes on: pairs that break no constraint first, by front of the non-dominated
/// sorting over all objectives, then by crowding distance, then by the objectives in order, then
/// by id; a trial stands where its best pair stands. The rest is kStopped. A trial that fails is
/// kFailed and takes no part; retried after its rung was decided, it goes on if it would have.
/// Decisions wait for the whole rung, so that results do not depend on the order of arrival.
class RandomHalving final : public Method {
 public:
  /// kUsage: no devices, repeated devices, no rungs, rungs that do not rise, keep outside (0, 1].
  static base::Result<std::unique_ptr<RandomHalving>> create(const RandomHalvingSettings& settings,
                                                             MethodInput input);

  std::vector<Work> ask(size_t count) override;
  base::Status tell(const Work& work, const Outcome& outcome) override;
  base::Status retry(int64_t trial) override;
  base::Status abandon(int64_t trial) override;
  bool finished() const override;
  const std::vector<Trial>& trials() const override { return trials_; }
  std::vector<int64_t> take_changed() override;
  std::vector<Pair> pairs() const override;

 private:
  RandomHalving(RandomHalvingSettings settings, MethodInput input);
  /// The trial's work that is due by what is known of it.
  std::vector<Work> due(const Trial& trial) const;
  void set_state(Trial& trial, TrialState state, std::string reason);
  void record(Trial& trial, const Work& work, const Metrics& metrics);
  void record_failure(Trial& trial, const Work& work, const std::string& reason);
  void screen(Trial& trial);
  void check_objectives(Trial& trial);
  void advance();
  bool rung_is_ready(int64_t rung) const;
  void decide(int64_t rung);
  std::vector<int64_t> standing(int64_t rung) const;
  void pass(Trial& trial, int64_t rung, size_t place, size_t entered, size_t kept);
  base::Result<Trial*> find_trial(int64_t id);

  RandomHalvingSettings settings_;
  MethodInput input_;
  std::vector<Trial> trials_;
  std::vector<int64_t> goals_;  // highest rung each trial may be trained to
  std::vector<Work> handed_out_;
  std::set<int64_t> changed_;
};

}  // namespace edgetran::search
