#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace edgetran::store {

/// Statements that lead from schema version i to i + 1. Version = how many were applied. After any
/// of them the tables are filled from the log again, so a step only has to give the tables' shape.
const std::vector<std::string>& schema_migrations();

/// Empties every projected table.
const std::string& clear_statements();

}  // namespace edgetran::store
