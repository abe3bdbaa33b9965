#pragma once

#include <atomic>
#include <memory>

namespace edgetran::base {

/// Tells long work to stop at its next safe point. Copies share one flag; thread- and signal-safe.
class CancelToken {
 public:
  CancelToken() : requests_(std::make_shared<std::atomic<int>>(0)) {}
  /// First request: finish the current step and commit. Second: stop now.
  void request() const { requests_->fetch_add(1); }
  bool requested() const { return requests_->load() > 0; }
  bool urgent() const { return requests_->load() > 1; }

 private:
  std::shared_ptr<std::atomic<int>> requests_;
};

}  // namespace edgetran::base
