#include "store/event_projector.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "store/study_events.h"

namespace edgetran::store {
namespace {

using base::Json;
using base::Result;
using base::Status;

Status note(const Database& database, const StoredEvent& event, std::string_view text) {
  EDGETRAN_ASSIGN(Statement insert, database.prepare("INSERT INTO notes VALUES(?, ?)"));
  return insert.bind(1, event.line).bind(2, text).run();
}

std::string text_of(const Json& payload, const char* key) {
  const auto it = payload.find(key);
  return it != payload.end() && it->is_string() ? it->get<std::string>() : std::string();
}

/// The member as JSON text; `fallback` where it is absent.
std::string json_of(const Json& payload, const char* key, const char* fallback = "null") {
  const auto it = payload.find(key);
  return it == payload.end() ? fallback : base::dump_json(*it);
}

int64_t integer_of(const Json& payload, const char* key) { return payload.at(key).get<int64_t>(); }

Status bind_limit(Statement& insert, int parameter, const Json& constraint, const char* key) {
  const auto it = constraint.find(key);
  if (it != constraint.end() && it->is_number()) {
    insert.bind(parameter, it->get<double>());
  } else {
    insert.bind_null(parameter);
  }
  return {};
}

Status add_objectives(const Database& database, const Json& objectives) {
  EDGETRAN_ASSIGN(Statement insert, database.prepare("INSERT INTO objectives VALUES(?, ?, ?, ?)"));
  int64_t position = 0;
  for (const Json& objective : objectives) {
    const int64_t maximize = text_of(objective, "goal") == "maximize" ? 1 : 0;
    EDGETRAN_TRY(insert.bind(1, position++)
                     .bind(2, text_of(objective, "name"))
                     .bind(3, text_of(objective, "unit"))
                     .bind(4, maximize)
                     .run());
  }
  return {};
}

Status add_constraints(const Database& database, const Json& constraints) {
  EDGETRAN_ASSIGN(Statement insert, database.prepare("INSERT INTO constraints VALUES(?, ?, ?, ?)"));
  int64_t position = 0;
  for (const Json& constraint : constraints) {
    insert.bind(1, position++).bind(2, text_of(constraint, "name"));
    EDGETRAN_TRY(bind_limit(insert, 3, constraint, "min"));
    EDGETRAN_TRY(bind_limit(insert, 4, constraint, "max"));
    EDGETRAN_TRY(insert.run());
  }
  return {};
}

Status add_devices(const Database& database, const Json& devices) {
  EDGETRAN_ASSIGN(Statement insert, database.prepare("INSERT INTO devices VALUES(?, ?, ?)"));
  int64_t position = 0;
  for (const Json& device : devices) {
    const bool plain = device.is_string();
    const Json card = plain ? Json{{"name", device}} : device;
    EDGETRAN_TRY(insert.bind(1, position++)
                     .bind(2, text_of(card, "name"))
                     .bind(3, base::dump_json(card))
                     .run());
  }
  return {};
}

Result<bool> exists(const Database& database, const char* query, int64_t key) {
  EDGETRAN_ASSIGN(Statement select, database.prepare(query));
  return select.bind(1, key).step();
}

Status study_created(const Database& database, const StoredEvent& event) {
  EDGETRAN_ASSIGN(const bool again, exists(database, "SELECT 1 FROM study WHERE one = ?", 1));
  if (again) return note(database, event, "the study was created twice; the first holds");
  const Json& payload = event.payload;
  EDGETRAN_ASSIGN(Statement insert, database.prepare("INSERT INTO study VALUES(1, ?, ?, ?, ?)"));
  // The seed as text: it has 64 bits without a sign, SQLite's integers have one.
  EDGETRAN_TRY(insert.bind(1, text_of(payload, "name"))
                   .bind(2, json_of(payload, "seed"))
                   .bind(3, json_of(payload, "config"))
                   .bind(4, event.time_s)
                   .run());
  EDGETRAN_TRY(add_objectives(database, payload.at("objectives")));
  EDGETRAN_TRY(add_constraints(database, payload.at("constraints")));
  return add_devices(database, payload.at("devices"));
}

Status trial_created(const Database& database, const StoredEvent& event) {
  const Json& payload = event.payload;
  const int64_t trial = integer_of(payload, "trial");
  EDGETRAN_ASSIGN(const bool again,
                  exists(database, "SELECT 1 FROM trials WHERE trial = ?", trial));
  if (again) {
    return note(database, event, fmt::format("trial {} was created twice; the first holds", trial));
  }
  EDGETRAN_ASSIGN(Statement insert,
                  database.prepare("INSERT INTO trials VALUES(?, ?, ?, ?, ?, 'waiting', '')"));
  return insert.bind(1, trial)
      .bind(2, json_of(payload, "spec"))
      .bind(3, text_of(payload, "spec_hash"))
      .bind(4, integer_of(payload, "parameters"))
      .bind(5, integer_of(payload, "flops"))
      .run();
}

Status put_measurement(const Database& database, const Json& payload, const std::string* record,
                       std::string_view reason) {
  EDGETRAN_ASSIGN(Statement insert,
                  database.prepare("INSERT OR REPLACE INTO measurements VALUES(?, ?, ?, ?)"));
  insert.bind(1, integer_of(payload, "trial")).bind(2, text_of(payload, "device"));
  if (record != nullptr) {
    insert.bind(3, *record);
  } else {
    insert.bind_null(3);
  }
  return insert.bind(4, reason).run();
}

Status trial_state(const Database& database, const StoredEvent& event) {
  const Json& payload = event.payload;
  if (payload.contains("device")) {
    return put_measurement(database, payload, nullptr, text_of(payload, "reason"));
  }
  EDGETRAN_ASSIGN(Statement update,
                  database.prepare("UPDATE trials SET state = ?, reason = ? WHERE trial = ?"));
  return update.bind(1, text_of(payload, "state"))
      .bind(2, text_of(payload, "reason"))
      .bind(3, integer_of(payload, "trial"))
      .run();
}

Status trial_trained(const Database& database, const StoredEvent& event) {
  const Json& payload = event.payload;
  EDGETRAN_ASSIGN(Statement insert,
                  database.prepare("INSERT OR REPLACE INTO rungs VALUES(?, ?, ?, ?, ?, ?)"));
  return insert.bind(1, integer_of(payload, "trial"))
      .bind(2, integer_of(payload, "rung"))
      .bind(3, integer_of(payload, "tokens"))
      .bind(4, json_of(payload, "metrics"))
      .bind(5, payload.at("seconds").get<double>())
      .bind(6, text_of(payload, "model"))
      .run();
}

Status trial_measured(const Database& database, const StoredEvent& event) {
  const std::string record = json_of(event.payload, "record");
  return put_measurement(database, event.payload, &record, "");
}

Status study_baseline(const Database& database, const StoredEvent& event) {
  EDGETRAN_ASSIGN(Statement insert,
                  database.prepare("INSERT OR REPLACE INTO baselines VALUES(?, ?, ?, ?)"));
  return insert.bind(1, text_of(event.payload, "name"))
      .bind(2, event.line)
      .bind(3, json_of(event.payload, "metrics"))
      .bind(4, json_of(event.payload, "rows"))
      .run();
}

Status study_deployed(const Database& database, const StoredEvent& event) {
  const Json& payload = event.payload;
  EDGETRAN_ASSIGN(Statement insert,
                  database.prepare("INSERT INTO deployed VALUES(?, ?, ?, ?, ?, ?)"));
  return insert.bind(1, event.line)
      .bind(2, integer_of(payload, "trial"))
      .bind(3, text_of(payload, "device"))
      .bind(4, json_of(payload, "files"))
      .bind(5, json_of(payload, "parity"))
      .bind(6, json_of(payload, "metrics", "{}"))
      .run();
}

Status study_finished(const Database& database, const StoredEvent& event) {
  EDGETRAN_ASSIGN(Statement insert, database.prepare("INSERT OR REPLACE INTO result VALUES(1, ?)"));
  return insert.bind(1, base::dump_json(event.payload)).run();
}

struct Projector {
  std::string_view type;
  Status (*project)(const Database&, const StoredEvent&);
};

constexpr std::array<Projector, 8> kProjectors = {{
    {kStudyCreated, study_created},
    {kTrialCreated, trial_created},
    {kTrialState, trial_state},
    {kTrialTrained, trial_trained},
    {kTrialMeasured, trial_measured},
    {kStudyBaseline, study_baseline},
    {kStudyDeployed, study_deployed},
    {kStudyFinished, study_finished},
}};

}  // namespace

Status project_event(const Database& database, const StoredEvent& event) {
  EDGETRAN_ASSIGN(Statement insert, database.prepare("INSERT INTO events VALUES(?, ?, ?, ?)"));
  EDGETRAN_TRY(
      insert.bind(1, event.line).bind(2, event.id).bind(3, event.time_s).bind(4, event.type).run());
  if (const Status fits = check_study_event(event.type, event.payload); !fits) {
    return note(database, event, "ignored: " + fits.error().message);
  }
  const Json& payload = event.payload;
  if (event.type != kTrialCreated && payload.contains("trial")) {
    const int64_t trial = integer_of(payload, "trial");
    EDGETRAN_ASSIGN(const bool known,
                    exists(database, "SELECT 1 FROM trials WHERE trial = ?", trial));
    if (!known) {
      return note(
          database, event,
          fmt::format("ignored: {} of trial {}, which was never created", event.type, trial));
    }
  }
  const auto projector = std::ranges::find(kProjectors, event.type, &Projector::type);
  EDGETRAN_CHECK(projector != kProjectors.end(), "every type of event has its projector");
  return projector->project(database, event);
}

}  // namespace edgetran::store
