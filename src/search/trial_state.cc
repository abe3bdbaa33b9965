#include <fmt/format.h>

#include <array>

#include "search/method.h"

namespace edgetran::search {
namespace {

constexpr std::array<std::string_view, 7> kNames = {"waiting",    "running", "complete", "stopped",
                                                    "infeasible", "failed",  "abandoned"};

}  // namespace

std::string_view state_name(TrialState state) { return kNames.at(static_cast<size_t>(state)); }

base::Result<TrialState> state_from_name(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames.at(i) == name) return static_cast<TrialState>(i);
  }
  return base::fail(base::ErrorCategory::kUsage, fmt::format("{} is not a trial state", name));
}

std::string Work::text() const {
  switch (kind) {
    case Kind::kDescribe:
      return fmt::format("describe trial {}", trial);
    case Kind::kMeasure:
      return fmt::format("measure trial {} on {}", trial, device);
    case Kind::kTrain:
      break;
  }
  return fmt::format("train trial {} to rung {} ({} tokens)", trial, rung, to_tokens);
}

}  // namespace edgetran::search
