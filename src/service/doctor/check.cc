#include "service/doctor/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"

namespace edgetran::service {

namespace {

/// Each has a symbol of its own, so that nothing depends on colour.
struct StatusWords {
  std::string_view name;
  std::string_view symbol;
};
constexpr std::array<StatusWords, 4> kStatuses = {
    {{"ok", "✓"}, {"warning", "!"}, {"missing", "○"}, {"failed", "✗"}}};

const StatusWords& words_of(CheckStatus status) { return kStatuses[static_cast<size_t>(status)]; }

size_t count(const Checks& checks, CheckStatus status) {
  return static_cast<size_t>(std::ranges::count_if(
      checks, [&](const DoctorCheck& check) { return check.status == status; }));
}

/// "1 warning", "2 warnings".
std::string counted(size_t count, std::string_view one, std::string_view more) {
  return fmt::format("{} {}", count, count == 1 ? one : more);
}

std::string summary(const Checks& checks, bool measures) {
  const bool energy = std::ranges::any_of(checks, [](const DoctorCheck& check) {
    return check.group == kPowerGroup && check.status == CheckStatus::kOk;
  });
  const std::string text = !measures ? "nothing can be measured here"
                           : energy  ? "latency and energy can be measured here"
                                     : "latency can be measured here, energy cannot";
  std::vector<std::string> parts;
  if (const size_t failed = count(checks, CheckStatus::kFailed)) {
    parts.push_back(fmt::format("{} failed", failed));
  }
  if (const size_t missing = count(checks, CheckStatus::kMissing)) {
    parts.push_back(fmt::format("{} missing", missing));
  }
  if (const size_t warnings = count(checks, CheckStatus::kWarning)) {
    parts.push_back(counted(warnings, "warning", "warnings"));
  }
  return text + (parts.empty() ? "; nothing to mend" : "; " + base::join_words(parts)) + "\n";
}

}  // namespace

std::string_view status_name(CheckStatus status) { return words_of(status).name; }

base::Json check_json(const DoctorCheck& check) {
  return {{"group", check.group},
          {"name", check.name},
          {"status", status_name(check.status)},
          {"seen", check.seen},
          {"fix", check.fix}};
}

std::string checks_text(const Checks& checks, bool measures) {
  size_t width = 0;
  for (const DoctorCheck& check : checks) width = std::max(width, check.name.size());
  std::string text;
  std::string group;
  for (const DoctorCheck& check : checks) {
    if (check.group != group) {
      text += fmt::format("{}{}\n", group.empty() ? "" : "\n", check.group);
      group = check.group;
    }
    const StatusWords& words = words_of(check.status);
    text += fmt::format("  {} {:<7}  {:<{}}  {}\n", words.symbol, words.name,
                        base::printable(check.name), width, base::printable(check.seen));
    if (!check.fix.empty()) {
      text += fmt::format("    {:<7}  {:<{}}  $ {}\n", "", "", width, base::printable(check.fix));
    }
  }
  return text + "\n" + summary(checks, measures);
}

}  // namespace edgetran::service
