#include "cli/help.h"

#include <fmt/format.h>

#include <map>

#include "base/version.h"

namespace edgetran::cli {

std::string version_text() { return fmt::format("edgetran {}\n", base::kVersion); }

std::optional<std::string> help_topic(const std::string& topic) {
  if (topic != "exit-codes") return std::nullopt;
  return std::string(
      "  0  done\n"
      "  1  failed: the work itself, a corrupt file, a resource that ran out\n"
      "  2  usage or configuration: a wrong command, flag, spec, study or data file\n"
      "  3  finished, but nothing satisfies the limits\n"
      "  4  no device, or a permission is missing\n"
      "  5  a budget ended with a partial result\n"
      "130  interrupted; the same command continues\n");
}

std::string group_summary(const std::string& group) {
  static const std::map<std::string, std::string> summaries = {
      {"space", "Design spaces: which encoders there are"},
      {"model", "Encoders: look at, count, make and export one"},
      {"data", "Text data: prepare token files"},
      {"device", "Boards and deployments"},
      {"profile", "Campaigns: many encoders measured on boards, resumable"},
      {"search", "Search over (encoder, device) pairs"},
      {"study", "The whole chain from one file, resumable"},
  };
  const auto found = summaries.find(group);
  return found == summaries.end() ? std::string() : found->second;
}

std::string root_footer() {
  return "\nedgetran help exit-codes lists the exit codes; edgetran completion bash|zsh|fish "
         "prints a completion script.\n";
}

}  // namespace edgetran::cli
