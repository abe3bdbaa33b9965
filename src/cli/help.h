#pragma once

#include <optional>
#include <string>

namespace edgetran::cli {

/// "edgetran 0.1.0".
std::string version_text();

/// Text of `edgetran help TOPIC`; nullopt where there is no such topic (it may be a command).
std::optional<std::string> help_topic(const std::string& topic);

/// One line on a group of commands ("model", "space", ...).
std::string group_summary(const std::string& group);

/// What follows the list of commands in `edgetran --help`.
std::string root_footer();

}  // namespace edgetran::cli
