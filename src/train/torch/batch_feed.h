#pragma once

#include <cstdint>
#include <future>

#include "train/torch/objective.h"

namespace edgetran::train::torch_engine {

/// Gives out the batches of an objective, the next one being made in another thread meanwhile. What
/// comes out is what the objective would give in turn. Exceptions of the other thread come out of
/// next().
class BatchFeed {
 public:
  /// `objective` outlives the feed, which alone calls its next() and seek().
  explicit BatchFeed(Objective& objective) : objective_(objective) {}
  BatchFeed(const BatchFeed&) = delete;
  BatchFeed& operator=(const BatchFeed&) = delete;
  ~BatchFeed();

  /// The batch of `step` comes next, from `cursor`.
  void seek(data::BatchCursor cursor, int64_t step);
  /// The batch of this step; the following one is begun.
  StepBatch next();

 private:
  void begin();
  void wait();
  Objective& objective_;
  int64_t step_ = 0;  ///< that next() gives
  std::future<StepBatch> ahead_;
};

}  // namespace edgetran::train::torch_engine
