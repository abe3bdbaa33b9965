#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "search/method.h"
#include "store/event_log.h"

namespace edgetran::service {

/// A piece of work as it is logged with its failure, and back.
base::Json work_json(const search::Work& work);
base::Result<search::Work> read_work(const base::Json& json, int64_t trial);

/// Tells the search what a logged event says of it; events of other kinds tell it nothing. An
/// event that the search would not have caused is kCorrupt.
base::Status replay_event(const store::StoredEvent& event, search::Method& method);

/// Ok where a study created with `created` can be continued with `config` on `devices`; otherwise
/// kUsage that names the first difference.
base::Status check_same_study(const base::Json& created, const base::Json& config,
                              const base::Json& devices, const std::string& folder);

/// Where training would end: the largest of `rungs` in the search section, or `tokens`.
int64_t last_rung_tokens(const base::Json& search, int64_t tokens);

}  // namespace edgetran::service
