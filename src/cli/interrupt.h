#pragma once

#include "base/cancel.h"

namespace edgetran::cli {

/// Ctrl-C and SIGTERM request cancellation: once, finish the step and commit; twice, stop now.
/// A third ends the process at once. Restores the former handlers at the end.
class InterruptHandler {
 public:
  explicit InterruptHandler(base::CancelToken token);
  ~InterruptHandler();
  InterruptHandler(const InterruptHandler&) = delete;
  InterruptHandler& operator=(const InterruptHandler&) = delete;
};

}  // namespace edgetran::cli
