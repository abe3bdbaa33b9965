#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace edgetran::store {

// The types of a study's events and the members of their payloads ("?": may be absent).
//   study.created   name, seed, config{}, objectives[{name, goal, unit?}],
//                   constraints[{name, min?, max?}], devices["name" | {name, ...}]
//   trial.created   trial, spec{}, spec_hash, parameters, flops
//   trial.state     trial, state, reason?, device?, rung?: with a device it tells of a measurement
//                   that failed there, and the trial itself keeps its state
//   trial.trained   trial, rung, tokens, metrics{}, seconds, model
//   trial.measured  trial, device, record{}
//   study.baseline  name, metrics{}, rows?
//   study.deployed  trial, device, files, parity?, metrics?
//   study.finished  (any)
inline constexpr std::string_view kStudyCreated = "study.created";
inline constexpr std::string_view kTrialCreated = "trial.created";
inline constexpr std::string_view kTrialState = "trial.state";
inline constexpr std::string_view kTrialTrained = "trial.trained";
inline constexpr std::string_view kTrialMeasured = "trial.measured";
inline constexpr std::string_view kStudyBaseline = "study.baseline";
inline constexpr std::string_view kStudyDeployed = "study.deployed";
inline constexpr std::string_view kStudyFinished = "study.finished";

/// All of them.
const std::vector<std::string>& study_event_types();

/// Ok where `payload` has the members of its type with their kinds and finite metrics; else kUsage
/// that names the member. An unknown type names the nearest known one.
base::Status check_study_event(std::string_view type, const base::Json& payload);

}  // namespace edgetran::store
