#include "profile/runtimes/simulated/run_noise.h"

#include <cmath>

namespace edgetran::profile::simulated {

RunNoise::RunNoise(const SimulatedLaw& law)
    : share_(law.noise_share),
      correlation_(law.noise_correlation),
      spike_share_(law.spike_share),
      spike_factor_(law.spike_factor),
      stream_(law.seed, "simulated.noise") {}

double RunNoise::next() {
  // A stream a run: its draws do not depend on what other runs drew.
  auto stream = stream_.derive("run", run_);
  const double fresh = stream.normal();
  last_ =
      run_ == 0 ? fresh : correlation_ * last_ + std::sqrt(1 - correlation_ * correlation_) * fresh;
  ++run_;
  const double factor = std::exp(share_ * last_ - share_ * share_ / 2);
  return stream.bernoulli(spike_share_) ? factor * spike_factor_ : factor;
}

}  // namespace edgetran::profile::simulated
