#include "train/torch/batch_feed.h"

namespace edgetran::train::torch_engine {

BatchFeed::~BatchFeed() { wait(); }

void BatchFeed::wait() {
  if (ahead_.valid()) ahead_.wait();  // an exception of a batch that nobody asks for is dropped
  ahead_ = {};
}

void BatchFeed::begin() {
  ahead_ = std::async(std::launch::async, [this, step = step_] { return objective_.next(step); });
}

void BatchFeed::seek(data::BatchCursor cursor, int64_t step) {
  wait();
  objective_.seek(cursor);
  step_ = step;
}

StepBatch BatchFeed::next() {
  if (!ahead_.valid()) begin();
  StepBatch batch = ahead_.get();
  ++step_;
  begin();
  return batch;
}

}  // namespace edgetran::train::torch_engine
