#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/units.h"

namespace edgetran::cli {

namespace {

std::string title_of(const base::Json& fields) {
  return fields.value("title", std::string("training"));
}

/// Share of the job's tokens that are done; negative where the event does not say.
double share_done(const base::Json& fields) {
  const auto stop = fields.value("stop_tokens", int64_t{0});
  if (stop <= 0) return -1;
  return std::min(fields.value("tokens", 0.0) / static_cast<double>(stop), 1.0);
}

}  // namespace

std::string training_status(const base::Json& fields) {
  std::string text = title_of(fields);
  const auto add = [&](const std::string& part) { text += ", " + part; };
  const double share = share_done(fields);
  if (share >= 0) text += fmt::format(" {:3.0f} %", std::floor(100 * share));
  if (fields.contains("step")) add(fmt::format("step {}", fields.at("step").get<int64_t>()));
  if (fields.contains("loss") && fields.at("loss").is_number())
    add(fmt::format("loss {:.3f}", fields.at("loss").get<double>()));
  if (fields.contains("tokens_per_s") && fields.at("tokens_per_s").is_number())
    add(base::format_count(std::llround(fields.at("tokens_per_s").get<double>())) + " tokens/s");
  if (fields.contains("eta_s") && fields.at("eta_s").is_number())
    add(base::format_seconds(fields.at("eta_s").get<double>()) + " left");
  return text;
}

std::string evaluation_text(const base::Json& fields) {
  std::string text =
      fmt::format("{}, step {}: dev", title_of(fields), fields.value("step", int64_t{0}));
  const char* between = " ";
  for (const auto& [name, value] : fields.items()) {
    if (!value.is_number_float()) continue;
    text += fmt::format("{}{} {:.4f}", between, name, value.get<double>());
    between = ", ";
  }
  return text;
}

std::string rollback_text(const base::Json& fields) {
  return fmt::format("{} diverged at step {}: {}; back to step {}, learning rate times {:.4g}",
                     title_of(fields), fields.value("step", int64_t{0}),
                     fields.value("reason", std::string("?")), fields.value("to_step", int64_t{0}),
                     fields.value("rate_factor", 1.0));
}

ProgressPrinter::ProgressPrinter(bool quiet)
    : ProgressPrinter(quiet, isatty(STDERR_FILENO) != 0, stderr) {}

ProgressPrinter::ProgressPrinter(bool quiet, bool terminal, std::FILE* stream)
    : quiet_(quiet), terminal_(terminal), stream_(stream) {}

ProgressPrinter::~ProgressPrinter() { clear_status(); }

void ProgressPrinter::clear_status() {
  if (status_shown_) std::fputs("\r\033[K", stream_);
  status_shown_ = false;
}

void ProgressPrinter::line(const std::string& text) {
  clear_status();
  std::fprintf(stream_, "%s\n", text.c_str());
}

void ProgressPrinter::show_training(const base::Json& fields) {
  if (terminal_) {
    clear_status();
    std::fputs(training_status(fields).c_str(), stream_);
    std::fflush(stream_);
    status_shown_ = true;
    return;
  }
  // Trials of a study carry titles and have lines of their own when they end.
  if (fields.contains("title") || share_done(fields) < 0) return;
  const auto tenth = static_cast<int64_t>(10 * share_done(fields));
  if (tenth <= tenths_shown_) return;
  tenths_shown_ = tenth;
  line(training_status(fields));
}

void ProgressPrinter::warn(const base::Event& event) {
  const std::string text = event.fields.value("text", std::string());
  const int times = ++warned_[text];
  if (times == 1) {
    line("edgetran: warning: " + text);
  } else if (event.name == "reconnect") {
    // What is wrong with a request is said once; each broken connection is news.
    line(fmt::format("edgetran: warning: {} ({} times so far)", text, times));
  }
}

void ProgressPrinter::emit(const base::Event& event) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (event.name == "warning" || event.name == "reconnect") {
    warn(event);
    return;
  }
  if (event.name == "rollback") {
    line("edgetran: warning: " + rollback_text(event.fields));
    return;
  }
  if (quiet_) return;
  if (event.name == "message") {
    line(event.fields.value("text", std::string()));
  } else if (event.name == "progress") {
    show_training(event.fields);
  } else if (event.name == "evaluated" && event.fields.contains("step")) {
    line(evaluation_text(event.fields));
  }
}

}  // namespace edgetran::cli
