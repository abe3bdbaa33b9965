#include "store/study_events.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/config.h"

namespace edgetran::store {
namespace {

using base::Json;
using base::Status;

enum class Kind { kText, kInteger, kNumber, kObject, kList, kMetrics, kAny };

struct Member {
  std::string_view name;
  Kind kind;
  bool required = true;
};

struct EventType {
  std::string_view name;
  std::vector<Member> members;
};

const std::vector<EventType>& event_types() {
  static const std::vector<EventType> kTypes = {
      {kStudyCreated,
       {{"name", Kind::kText},
        {"seed", Kind::kInteger},
        {"config", Kind::kObject},
        {"objectives", Kind::kList},
        {"constraints", Kind::kList},
        {"devices", Kind::kList}}},
      {kTrialCreated,
       {{"trial", Kind::kInteger},
        {"spec", Kind::kObject},
        {"spec_hash", Kind::kText},
        {"parameters", Kind::kInteger},
        {"flops", Kind::kInteger}}},
      {kTrialState,
       {{"trial", Kind::kInteger},
        {"state", Kind::kText},
        {"reason", Kind::kText, false},
        {"device", Kind::kText, false},
        {"rung", Kind::kInteger, false}}},
      {kTrialTrained,
       {{"trial", Kind::kInteger},
        {"rung", Kind::kInteger},
        {"tokens", Kind::kInteger},
        {"metrics", Kind::kMetrics},
        {"seconds", Kind::kNumber},
        {"model", Kind::kText}}},
      {kTrialMeasured,
       {{"trial", Kind::kInteger}, {"device", Kind::kText}, {"record", Kind::kObject}}},
      {kStudyBaseline,
       {{"name", Kind::kText}, {"metrics", Kind::kMetrics}, {"rows", Kind::kAny, false}}},
      {kStudyDeployed,
       {{"trial", Kind::kInteger},
        {"device", Kind::kText},
        {"files", Kind::kAny},
        {"parity", Kind::kAny, false},
        {"metrics", Kind::kMetrics, false}}},
      {kStudyFinished, {}},
  };
  return kTypes;
}

bool is_metrics(const Json& value) {
  const auto finite = [](const Json& figure) {
    return figure.is_number() && std::isfinite(figure.get<double>());
  };
  return value.is_object() && std::ranges::all_of(value, finite);
}

bool is_kind(const Json& value, Kind kind) {
  switch (kind) {
    case Kind::kText:
      return value.is_string();
    case Kind::kInteger:
      return value.is_number_integer();
    case Kind::kNumber:
      return value.is_number() && std::isfinite(value.get<double>());
    case Kind::kObject:
      return value.is_object();
    case Kind::kList:
      return value.is_array();
    case Kind::kMetrics:
      return is_metrics(value);
    case Kind::kAny:
      return true;
  }
  return false;
}

std::string_view kind_name(Kind kind) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "a text",    "an integer", "a finite number",
      "an object", "a list",     "an object of finite numbers",
      "anything"};
  return kNames.at(static_cast<size_t>(kind));
}

/// Items of a study's lists are objects with a name; a device may be a name alone.
Status check_named(const Json& payload, const char* list, bool plain_names) {
  for (const Json& item : payload[list]) {
    const bool named = item.is_object() && item.contains("name") && item["name"].is_string();
    if (!named && !(plain_names && item.is_string())) {
      return base::fail(base::ErrorCategory::kUsage,
                        fmt::format("{}: an item of {} has no name", kStudyCreated, list));
    }
  }
  return {};
}

}  // namespace

const std::vector<std::string>& study_event_types() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const EventType& type : event_types()) names.emplace_back(type.name);
    return names;
  }();
  return kNames;
}

Status check_study_event(std::string_view type, const Json& payload) {
  const auto known = std::ranges::find(event_types(), type, &EventType::name);
  if (known == event_types().end()) {
    const auto near = base::nearest_name(type, study_event_types());
    return base::fail(base::ErrorCategory::kUsage, fmt::format("{} is not a type of event", type),
                      near ? fmt::format("did you mean {}?", *near)
                           : fmt::format("there are {}", fmt::join(study_event_types(), ", ")));
  }
  if (!payload.is_object()) {
    return base::fail(base::ErrorCategory::kUsage, fmt::format("{}: no object", type));
  }
  for (const Member& member : known->members) {
    const auto it = payload.find(member.name);
    if (it == payload.end() && !member.required) continue;
    if (it == payload.end() || !is_kind(*it, member.kind)) {
      return base::fail(base::ErrorCategory::kUsage,
                        fmt::format("{}: {} {}, it must be {}", type, member.name,
                                    it == payload.end() ? "is missing" : "is of another kind",
                                    kind_name(member.kind)));
    }
  }
  if (type == kStudyCreated) {
    EDGETRAN_TRY(check_named(payload, "objectives", false));
    EDGETRAN_TRY(check_named(payload, "constraints", false));
    EDGETRAN_TRY(check_named(payload, "devices", true));
  }
  return {};
}

}  // namespace edgetran::store
