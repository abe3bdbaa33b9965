#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "device/card.h"
#include "space/model_spec.h"

namespace edgetran::device {

/// What a predictor expects of one inference of a batch, with 95 % intervals.
struct Prediction {
  double latency_s = 0, latency_low_s = 0, latency_high_s = 0;
  std::optional<double> energy_j{}, energy_low_j{}, energy_high_j{};  ///< gross
};

/// Answers for models that no table has. Pure; thread-safe.
class Predictor {
 public:
  virtual ~Predictor() = default;
  /// Names it in provenance: method, version, what it was fitted to.
  virtual std::string name() const = 0;
  /// kNotFound: it knows nothing of this board or model.
  virtual base::Result<Prediction> predict(const space::ModelSpec& spec, const BoardInfo& board,
                                           const Deployment& deployment) const = 0;
};

}  // namespace edgetran::device
