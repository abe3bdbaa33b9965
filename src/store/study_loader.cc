// Reads the projection's tables back into a StudyView.

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "store/event_projector.h"
#include "store/sqlite.h"
#include "store/study_view.h"

namespace edgetran::store {
namespace {

using base::Json;
using base::Result;
using base::Status;

/// Calls `use(statement)` for each row.
template <class Use>
Status each_row(const Database& database, std::string_view sql, Use use) {
  EDGETRAN_ASSIGN(Statement query, database.prepare(sql));
  while (true) {
    EDGETRAN_ASSIGN(const bool more, query.step());
    if (!more) return {};
    EDGETRAN_TRY(use(query));
  }
}

Result<Json> json_at(const Statement& row, int column) {
  return base::parse_json(row.text(column), "study.db");
}

Result<Metrics> metrics_at(const Statement& row, int column) {
  EDGETRAN_ASSIGN(const Json json, json_at(row, column));
  Metrics metrics;
  for (const auto& [name, value] : json.items()) {
    if (value.is_number()) metrics[name] = value.get<double>();
  }
  return metrics;
}

std::optional<double> optional_at(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.number(column);
}

Status load_header(const Database& database, StudyView& view) {
  EDGETRAN_TRY(each_row(database, "SELECT name, seed, config, created_s FROM study",
                        [&](const Statement& row) -> Status {
                          view.name = row.text(0);
                          EDGETRAN_ASSIGN(const Json seed, json_at(row, 1));
                          if (seed.is_number_integer()) view.seed = seed.get<uint64_t>();
                          EDGETRAN_ASSIGN(view.config, json_at(row, 2));
                          view.created_s = row.number(3);
                          return {};
                        }));
  return each_row(database, "SELECT payload FROM result", [&](const Statement& row) -> Status {
    view.finished = true;
    EDGETRAN_ASSIGN(view.result, json_at(row, 0));
    return {};
  });
}

Status load_problem(const Database& database, StudyView& view) {
  EDGETRAN_TRY(
      each_row(database, "SELECT name, unit, maximize FROM objectives ORDER BY position",
               [&](const Statement& row) -> Status {
                 view.objectives.push_back({row.text(0), row.text(1), row.integer(2) != 0});
                 return {};
               }));
  EDGETRAN_TRY(each_row(
      database, "SELECT name, min, max FROM constraints ORDER BY position",
      [&](const Statement& row) -> Status {
        view.constraints.push_back({row.text(0), optional_at(row, 1), optional_at(row, 2)});
        return {};
      }));
  return each_row(database, "SELECT name, card FROM devices ORDER BY position",
                  [&](const Statement& row) -> Status {
                    EDGETRAN_ASSIGN(Json card, json_at(row, 1));
                    view.devices.push_back({row.text(0), std::move(card)});
                    return {};
                  });
}

/// Trials are loaded by ascending id.
TrialView* find_trial(StudyView& view, int64_t trial) {
  const auto it = std::ranges::lower_bound(view.trials, trial, {}, &TrialView::trial);
  return it != view.trials.end() && it->trial == trial ? &*it : nullptr;
}

Status load_trials(const Database& database, StudyView& view) {
  return each_row(database,
                  "SELECT trial, spec, spec_hash, parameters, flops, state, reason FROM trials "
                  "ORDER BY trial",
                  [&](const Statement& row) -> Status {
                    TrialView trial;
                    trial.trial = row.integer(0);
                    EDGETRAN_ASSIGN(trial.spec, json_at(row, 1));
                    trial.spec_hash = row.text(2);
                    trial.parameters = row.integer(3);
                    trial.flops = row.integer(4);
                    trial.state = row.text(5);
                    trial.reason = row.text(6);
                    view.trials.push_back(std::move(trial));
                    return {};
                  });
}

Status load_rungs(const Database& database, StudyView& view) {
  return each_row(
      database,
      "SELECT trial, rung, tokens, metrics, seconds, model FROM rungs ORDER BY trial, rung",
      [&](const Statement& row) -> Status {
        TrialView* trial = find_trial(view, row.integer(0));
        if (trial == nullptr) return {};
        EDGETRAN_ASSIGN(Metrics metrics, metrics_at(row, 3));
        trial->rungs.push_back(
            {row.integer(1), row.integer(2), std::move(metrics), row.number(4), row.text(5)});
        return {};
      });
}

Status load_measurements(const Database& database, StudyView& view) {
  return each_row(database,
                  "SELECT m.trial, m.device, m.record, m.reason FROM measurements m LEFT JOIN "
                  "devices d ON d.name = m.device ORDER BY m.trial, d.position, m.device",
                  [&](const Statement& row) -> Status {
                    TrialView* trial = find_trial(view, row.integer(0));
                    if (trial == nullptr) return {};
                    if (row.is_null(2)) {
                      trial->unmeasured[row.text(1)] = row.text(3);
                      return {};
                    }
                    EDGETRAN_ASSIGN(Json record, json_at(row, 2));
                    trial->measurements.push_back({row.text(1), std::move(record)});
                    return {};
                  });
}

Status load_outcomes(const Database& database, StudyView& view) {
  EDGETRAN_TRY(
      each_row(database, "SELECT name, metrics, row_info FROM baselines ORDER BY line",
               [&](const Statement& row) -> Status {
                 EDGETRAN_ASSIGN(Metrics metrics, metrics_at(row, 1));
                 EDGETRAN_ASSIGN(Json rows, json_at(row, 2));
                 view.baselines.push_back({row.text(0), std::move(metrics), std::move(rows)});
                 return {};
               }));
  return each_row(database,
                  "SELECT trial, device, files, parity, metrics FROM deployed ORDER BY line",
                  [&](const Statement& row) -> Status {
                    DeployedView deployed;
                    deployed.trial = row.integer(0);
                    deployed.device = row.text(1);
                    EDGETRAN_ASSIGN(deployed.files, json_at(row, 2));
                    EDGETRAN_ASSIGN(deployed.parity, json_at(row, 3));
                    EDGETRAN_ASSIGN(deployed.metrics, metrics_at(row, 4));
                    view.deployed.push_back(std::move(deployed));
                    return {};
                  });
}

Status load_health(const Database& database, StudyView& view) {
  EDGETRAN_TRY(each_row(database, "SELECT type, count(*), max(time_s) FROM events GROUP BY type",
                        [&](const Statement& row) -> Status {
                          view.event_counts[row.text(0)] = row.integer(1);
                          view.updated_s = std::max(view.updated_s, row.number(2));
                          return {};
                        }));
  EDGETRAN_TRY(each_row(
      database, "SELECT line, text FROM notes ORDER BY line", [&](const Statement& row) -> Status {
        view.notes.push_back(fmt::format("event in line {}: {}", row.integer(0), row.text(1)));
        return {};
      }));
  for (const TrialView& trial : view.trials) {
    if (trial.state == "failed") {
      view.notes.push_back(fmt::format("trial {} failed: {}", trial.trial, trial.reason));
    }
    for (const auto& [device, reason] : trial.unmeasured) {
      view.notes.push_back(
          fmt::format("trial {} could not be measured on {}: {}", trial.trial, device, reason));
    }
  }
  return {};
}

}  // namespace

Result<StudyView> load_study(const Database& database) {
  StudyView view;
  EDGETRAN_TRY(load_header(database, view));
  EDGETRAN_TRY(load_problem(database, view));
  EDGETRAN_TRY(load_trials(database, view));
  EDGETRAN_TRY(load_rungs(database, view));
  EDGETRAN_TRY(load_measurements(database, view));
  EDGETRAN_TRY(load_outcomes(database, view));
  EDGETRAN_TRY(load_health(database, view));
  return view;
}

}  // namespace edgetran::store
