#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "base/units.h"

namespace edgetran::cli {

namespace {

/// "step 120, 34 000 tokens/s, loss 2.31, 12 s left" from a trainer's progress event.
std::string training_status(const base::Json& fields) {
  std::string text = fields.value("title", std::string("training"));
  const auto add = [&](const std::string& part) { text += ", " + part; };
  if (fields.contains("step")) add(fmt::format("step {}", fields.at("step").get<int64_t>()));
  if (fields.contains("loss") && fields.at("loss").is_number())
    add(fmt::format("loss {:.3f}", fields.at("loss").get<double>()));
  if (fields.contains("tokens_per_s") && fields.at("tokens_per_s").is_number())
    add(base::format_count(fields.at("tokens_per_s").get<int64_t>()) + " tokens/s");
  if (fields.contains("eta_s") && fields.at("eta_s").is_number())
    add(base::format_seconds(fields.at("eta_s").get<double>()) + " left");
  return text;
}

}  // namespace

ProgressPrinter::ProgressPrinter(bool quiet)
    : quiet_(quiet), terminal_(isatty(STDERR_FILENO) != 0) {}

ProgressPrinter::~ProgressPrinter() { clear_status(); }

void ProgressPrinter::clear_status() {
  if (status_shown_) std::fputs("\r\033[K", stderr);
  status_shown_ = false;
}

void ProgressPrinter::line(const std::string& text) {
  clear_status();
  std::fprintf(stderr, "%s\n", text.c_str());
}

void ProgressPrinter::emit(const base::Event& event) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (event.name == "warning") {
    line("edgetran: warning: " + event.fields.value("text", std::string()));
    return;
  }
  if (quiet_) return;
  if (event.name == "message") {
    line(event.fields.value("text", std::string()));
  } else if (event.name == "progress" && terminal_) {
    clear_status();
    std::fputs(training_status(event.fields).c_str(), stderr);
    std::fflush(stderr);
    status_shown_ = true;
  }
}

}  // namespace edgetran::cli
