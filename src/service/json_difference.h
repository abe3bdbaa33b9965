#pragma once

#include <string>

#include "base/json.h"

namespace edgetran::service {

/// The first member of objects that differs, as "task.max_length: 32 there, 64 now"; empty where
/// none does. `path` stands before the names; lists are compared as a whole.
std::string first_difference(const base::Json& then, const base::Json& now,
                             const std::string& path);

}  // namespace edgetran::service
