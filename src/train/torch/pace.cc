#include "train/torch/pace.h"

#include <algorithm>

namespace edgetran::train::torch_engine {
namespace {

constexpr double kShortest_s = 1e-9;  // no clock is finer; keeps rates finite

}  // namespace

void Pace::start(int64_t tokens) {
  reported_s_ = clock_.now_s();
  reported_tokens_ = tokens;
}

void Pace::add_step(int64_t tokens, int64_t examples, double seconds) {
  seconds = std::max(seconds, kShortest_s);
  rates_.push_back(
      {static_cast<double>(tokens) / seconds, static_cast<double>(examples) / seconds});
}

void Pace::report(Progress progress) {
  const double now_s = clock_.now_s();
  const double passed_s = now_s - reported_s_;
  if (passed_s < log_interval_s_ && progress.tokens < progress.stop_tokens) return;
  progress.tokens_per_s =
      static_cast<double>(progress.tokens - reported_tokens_) / std::max(passed_s, kShortest_s);
  const auto left = std::max<int64_t>(progress.stop_tokens - progress.tokens, 0);
  progress.eta_s = static_cast<double>(left) / std::max(progress.tokens_per_s, kShortest_s);
  events_.emit(to_event(progress));
  reported_s_ = now_s;
  reported_tokens_ = progress.tokens;
}

double Pace::steady_median(double Rate::*member) const {
  std::vector<double> values;
  for (size_t i = rates_.size() / 10; i < rates_.size(); ++i) values.push_back(rates_[i].*member);
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double Pace::tokens_per_s() const { return steady_median(&Rate::tokens_per_s); }
double Pace::examples_per_s() const { return steady_median(&Rate::examples_per_s); }

}  // namespace edgetran::train::torch_engine
