#include "store/projection_schema.h"

namespace edgetran::store {

const std::vector<std::string>& schema_migrations() {
  static const std::vector<std::string> kMigrations = {
      R"sql(
CREATE TABLE events(line INTEGER PRIMARY KEY, id TEXT NOT NULL, time_s REAL NOT NULL,
                    type TEXT NOT NULL);
CREATE TABLE notes(line INTEGER NOT NULL, text TEXT NOT NULL);
CREATE TABLE study(one INTEGER PRIMARY KEY CHECK(one = 1), name TEXT NOT NULL, seed TEXT NOT NULL,
                   config TEXT NOT NULL, created_s REAL NOT NULL);
CREATE TABLE result(one INTEGER PRIMARY KEY CHECK(one = 1), payload TEXT NOT NULL);
CREATE TABLE objectives(position INTEGER PRIMARY KEY, name TEXT NOT NULL, unit TEXT NOT NULL,
                        maximize INTEGER NOT NULL);
CREATE TABLE constraints(position INTEGER PRIMARY KEY, name TEXT NOT NULL, min REAL, max REAL);
CREATE TABLE devices(position INTEGER PRIMARY KEY, name TEXT NOT NULL, card TEXT NOT NULL);
CREATE TABLE trials(trial INTEGER PRIMARY KEY, spec TEXT NOT NULL, spec_hash TEXT NOT NULL,
                    parameters INTEGER NOT NULL, flops INTEGER NOT NULL, state TEXT NOT NULL,
                    reason TEXT NOT NULL);
CREATE TABLE rungs(trial INTEGER NOT NULL, rung INTEGER NOT NULL, tokens INTEGER NOT NULL,
                   metrics TEXT NOT NULL, seconds REAL NOT NULL, model TEXT NOT NULL,
                   PRIMARY KEY(trial, rung));
CREATE TABLE measurements(trial INTEGER NOT NULL, device TEXT NOT NULL, record TEXT,
                          reason TEXT NOT NULL, PRIMARY KEY(trial, device));
CREATE TABLE baselines(name TEXT PRIMARY KEY, line INTEGER NOT NULL, metrics TEXT NOT NULL,
                       row_info TEXT NOT NULL);
CREATE TABLE deployed(line INTEGER PRIMARY KEY, trial INTEGER NOT NULL, device TEXT NOT NULL,
                      files TEXT NOT NULL, parity TEXT NOT NULL, metrics TEXT NOT NULL);
)sql",
  };
  return kMigrations;
}

const std::string& clear_statements() {
  static const std::string kClear = R"sql(
DELETE FROM events; DELETE FROM notes; DELETE FROM study; DELETE FROM result;
DELETE FROM objectives; DELETE FROM constraints; DELETE FROM devices; DELETE FROM trials;
DELETE FROM rungs; DELETE FROM measurements; DELETE FROM baselines; DELETE FROM deployed;
)sql";
  return kClear;
}

}  // namespace edgetran::store
