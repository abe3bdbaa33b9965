#include "cli/interrupt.h"

#include <csignal>
#include <cstring>
#include <optional>

namespace edgetran::cli {

namespace {

// A signal handler can reach nothing but a global; one InterruptHandler lives at a time.
std::optional<base::CancelToken> active_token;  // NOLINT
int request_count = 0;                          // NOLINT
struct sigaction former_interrupt;              // NOLINT
struct sigaction former_terminate;              // NOLINT

void on_signal(int) {
  if (active_token) active_token->request();
  if (++request_count > 2) {
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);
  }
}

}  // namespace

InterruptHandler::InterruptHandler(base::CancelToken token) {
  active_token = std::move(token);
  request_count = 0;
  struct sigaction action;
  std::memset(&action, 0, sizeof(action));
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, &former_interrupt);
  sigaction(SIGTERM, &action, &former_terminate);
}

InterruptHandler::~InterruptHandler() {
  sigaction(SIGINT, &former_interrupt, nullptr);
  sigaction(SIGTERM, &former_terminate, nullptr);
  active_token.reset();
}

}  // namespace edgetran::cli
