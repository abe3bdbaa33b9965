// What the flags of records mean (profiling.md, sections 3 to 6), for people.
#include <algorithm>
#include <array>
#include <utility>

#include "service/campaign/campaign_tables.h"

namespace edgetran::service {

namespace {

using Meaning = std::pair<std::string_view, std::string_view>;

constexpr std::array<Meaning, 19> kMeanings = {{
    {"BASELINE_DRIFT", "idle power changed meanwhile: net energy is uncertain"},
    {"DRIFT", "the sentinel before or after it moved by more than 3 %: the board was another one"},
    {"HOST_BUSY", "more tasks wanted to run than there are cores"},
    {"IDLE_DOMINATED", "less than a tenth of the energy is above idle"},
    {"IDLE_NOISY", "power without work did not settle: net energy is uncertain"},
    {"IMPOSSIBLE", "faster than the processor's arithmetic or memory allow"},
    {"LEASE_LOST", "the board was not held exclusively to the end"},
    {"NOT_STEADY", "the latency moved while it was measured"},
    {"OBSERVER", "reading the power sensor slowed the model by more than 1 %"},
    {"OUTLIERS", "over 5 % of the runs lie far from the median"},
    {"PREFLIGHT", "the machine was not set up for figures to publish"},
    {"RESUMED", "it was cut off and went on later"},
    {"SENSORS_DISAGREE", "two power sensors of one rail differ by more than 10 %"},
    {"SENSOR_FAULT", "the power sensor had gaps or errors"},
    {"SWAPPING", "memory was short: pages came from the disk"},
    {"THROTTLED", "the processor ran below its clock because of heat or power"},
    {"TOO_SLOW", "far below what the processor can do: something else was timed"},
    {"UNCONVERGED", "the interval is wider than the profile asks for"},
    {"UNDERSAMPLED", "too few readings of the power sensor in a window"},
}};

}  // namespace

std::string_view flag_meaning(std::string_view flag) {
  const auto* known = std::ranges::find(kMeanings, flag, &Meaning::first);
  return known == kMeanings.end() ? std::string_view() : known->second;
}

}  // namespace edgetran::service
