#include "base/result.h"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace edgetran::base {
namespace {

struct CategoryRow {
  ErrorCategory category;
  std::string_view name;
  int exit_code;
};

constexpr std::array kCategories = {
    CategoryRow{ErrorCategory::kUsage, "usage", 2},
    CategoryRow{ErrorCategory::kNotFound, "not_found", 2},
    CategoryRow{ErrorCategory::kFailed, "failed", 1},
    CategoryRow{ErrorCategory::kCorrupt, "corrupt", 1},
    CategoryRow{ErrorCategory::kResource, "resource", 1},
    CategoryRow{ErrorCategory::kProtocol, "protocol", 1},
    CategoryRow{ErrorCategory::kInfeasible, "infeasible", 3},
    CategoryRow{ErrorCategory::kDevice, "device", 4},
    CategoryRow{ErrorCategory::kPermission, "permission", 4},
    CategoryRow{ErrorCategory::kBudget, "budget", 5},
    CategoryRow{ErrorCategory::kInterrupted, "interrupted", 130},
};

const CategoryRow& row_of(ErrorCategory category) {
  for (const CategoryRow& row : kCategories) {
    if (row.category == category) return row;
  }
  EDGETRAN_CHECK(false, "unknown error category " + std::to_string(static_cast<int>(category)));
}

}  // namespace

std::string_view category_name(ErrorCategory category) { return row_of(category).name; }

ErrorCategory category_from_name(std::string_view name) {
  for (const CategoryRow& row : kCategories) {
    if (row.name == name) return row.category;
  }
  return ErrorCategory::kFailed;
}

int exit_code(ErrorCategory category) { return row_of(category).exit_code; }

Error Error::within(std::string_view context) const {
  return {category, std::string(context) + ": " + message, hint};
}

void check_failed(const char* condition, const char* file, int line, const std::string& message) {
  std::fprintf(stderr, "%s:%d: internal error: %s (broken promise: %s)\n", file, line,
               message.c_str(), condition);
  std::abort();
}

}  // namespace edgetran::base
