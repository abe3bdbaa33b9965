#include "cli/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "base/config.h"
#include "cli/parser.h"

namespace edgetran::cli {

namespace {

/// Words that may follow each command prefix ("" is the program itself).
std::map<std::string, std::set<std::string>> followers(
    const std::vector<service::Operation>& operations) {
  std::map<std::string, std::set<std::string>> table;
  table[""] = {"help", "completion", "--help", "--version"};
  for (const auto& operation : operations) {
    std::istringstream words(operation.name);
    std::string prefix;
    for (std::string word; words >> word;) {
      table[prefix].insert(word);
      prefix += prefix.empty() ? word : " " + word;
    }
    auto& flags = table[prefix];
    flags.insert({"--help", "--format", "--json"});
    for (const auto& info : operation.settings) {
      const auto& places = operation.positionals;
      if (std::find(places.begin(), places.end(), info.name) == places.end())
        flags.insert(flag_of(info.name));
    }
  }
  return table;
}

std::string bash_script(const std::map<std::string, std::set<std::string>>& table) {
  std::string script =
      "_edgetran() {\n"
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" prefix=\"\" word\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$word\" in -*) ;; *) prefix=\"${prefix:+$prefix }$word\" ;; esac\n"
      "  done\n"
      "  local words=\"\"\n"
      "  while :; do\n"
      "    case \"$prefix\" in\n";
  for (const auto& [prefix, words] : table)
    script += fmt::format("      '{}') words='{}'; break ;;\n", prefix, fmt::join(words, " "));
  script +=
      "      *) case \"$prefix\" in *' '*) prefix=\"${prefix% *}\" ;; *) prefix=\"\" ;; esac ;;\n"
      "    esac\n"
      "  done\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\") $(compgen -f -- \"$current\"))\n"
      "}\n"
      "complete -o filenames -F _edgetran edgetran\n";
  return script;
}

std::string fish_script(const std::map<std::string, std::set<std::string>>& table) {
  std::string script;
  for (const auto& [prefix, words] : table) {
    std::string condition;
    if (prefix.empty()) {
      condition = "__fish_use_subcommand";
    } else {
      std::istringstream parts(prefix);
      for (std::string part; parts >> part;)
        condition += (condition.empty() ? "" : "; and ") +
                     fmt::format("__fish_seen_subcommand_from {}", part);
    }
    for (const auto& word : words)
      script += word.starts_with("--")
                    ? fmt::format("complete -c edgetran -n '{}' -l {}\n", condition, word.substr(2))
                    : fmt::format("complete -c edgetran -n '{}' -a {}\n", condition, word);
  }
  return script;
}

}  // namespace

base::Result<std::string> completion_script(const std::vector<service::Operation>& operations,
                                            const std::vector<std::string>& words) {
  static const std::vector<std::string> shells = {"bash", "zsh", "fish"};
  const std::string shell = words.size() > 1 ? words[1] : "";
  const auto table = followers(operations);
  if (shell == "bash") return bash_script(table);
  if (shell == "zsh")
    return "#compdef edgetran\nautoload -U +X bashcompinit && bashcompinit\n" + bash_script(table);
  if (shell == "fish") return fish_script(table);
  const auto nearest = base::nearest_name(shell, shells);
  return base::fail(base::ErrorCategory::kUsage,
                    fmt::format("unknown shell '{}'; allowed: {}", shell, fmt::join(shells, ", ")),
                    nearest ? fmt::format("did you mean '{}'?", *nearest) : "");
}

}  // namespace edgetran::cli
