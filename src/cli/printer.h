#pragma once

#include <string>

#include "base/result.h"
#include "service/request.h"

namespace edgetran::cli {

/// The reply as text for stdout. Formats: table (figures for people), json (the data as they are,
/// indented), jsonl (one row a line), csv and md (plain SI numbers in csv, shown figures in md).
std::string print_reply(const service::Reply& reply, const std::string& format);

/// "edgetran: message" and the hint on lines of their own, for stderr.
std::string print_error(const base::Error& error);

}  // namespace edgetran::cli
