#include "cli/parser.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <sstream>

#include "base/config.h"
#include "cli/completion.h"
#include "cli/help.h"

namespace edgetran::cli {

namespace {

using base::ErrorCategory;
using base::SettingInfo;
using service::Operation;

std::string type_word(const SettingInfo& info) {
  switch (info.type) {
    case SettingInfo::Type::kBoolean:
      return "";
    case SettingInfo::Type::kInteger:
      return "INTEGER";
    case SettingInfo::Type::kNumber:
      return "NUMBER";
    case SettingInfo::Type::kString:
      return "TEXT";
    case SettingInfo::Type::kChoice:
      return fmt::format("{}", fmt::join(info.choices, "|"));
  }
  return "";
}

std::string described(const SettingInfo& info) {
  std::string text = info.text;
  if (!info.unit.empty()) text += fmt::format(" [{}]", info.unit);
  const bool shows_default =
      info.type != SettingInfo::Type::kBoolean && !info.repeatable &&
      !(info.default_value.is_string() && info.default_value.get_ref<const std::string&>().empty());
  if (shows_default)
    text += fmt::format(" (default {})", info.default_value.is_string()
                                             ? info.default_value.get<std::string>()
                                             : info.default_value.dump());
  return text;
}

/// One operation's sub-command and the options in which CLI11 collects the texts.
struct Command {
  const Operation* operation = nullptr;
  CLI::App* app = nullptr;
  std::vector<std::pair<std::string, CLI::Option*>> options;
  std::string format = "table";
};

/// Texts stay with the option; Settings::set reads and checks them.
bool accept(const CLI::results_t&) { return true; }

void declare_options(Command& command) {
  for (const auto& info : command.operation->settings) {
    const auto& positionals = command.operation->positionals;
    const bool by_place = std::ranges::find(positionals, info.name) != positionals.end();
    CLI::Option* option = info.type == SettingInfo::Type::kBoolean
                              ? command.app->add_flag_callback(
                                    flag_of(info.name), [] {}, described(info))
                              : command.app->add_option(by_place ? info.name : flag_of(info.name),
                                                        CLI::callback_t(accept), described(info));
    const auto needed = command.operation->needed();
    const bool must = std::ranges::find(needed, info.name) != needed.end();
    if (info.type != SettingInfo::Type::kBoolean)
      option->type_name(type_word(info) + (must ? " REQUIRED" : ""));
    if (info.repeatable) {
      option->take_all();
    } else {
      option->take_last();
    }
    command.options.emplace_back(info.name, option);
  }
  CLI::Option* format =
      command.app->add_option("--format", command.format, "How to print the reply (default table)")
          ->type_name(fmt::format("{}", fmt::join(kFormats, "|")));
  command.app
      ->add_flag_callback(
          "--json", [&command] { command.format = "json"; }, "Short for --format json")
      ->excludes(format);
}

/// The CLI11 tree of all operations; words shared by several ("model cost", "model show") become
/// one sub-command with children.
class Tree {
 public:
  explicit Tree(const std::vector<Operation>& operations) {
    app_.allow_extras();
    app_.set_help_flag("-h,--help", "Show this help");
    app_.add_flag("--version", version_, "Show the version");
    app_.add_flag("-q,--quiet", quiet_, "No progress messages");
    app_.add_flag("--no-color", no_color_, "No colours (NO_COLOR does the same)");
    for (const auto& operation : operations) add(operation);
  }

  CLI::App& app() { return app_; }
  bool version() const { return version_; }
  bool quiet() const { return quiet_; }
  const std::vector<std::unique_ptr<Command>>& commands() const { return commands_; }

 private:
  void add(const Operation& operation) {
    CLI::App* parent = &app_;
    std::istringstream words(operation.name);
    std::string path;
    for (std::string word; words >> word;) {
      path += path.empty() ? word : " " + word;
      auto& app = apps_[path];
      if (app == nullptr) {
        app = parent->add_subcommand(
            word, path == operation.name ? operation.summary : group_summary(path));
        app->allow_extras();
        app->fallthrough();
        app->set_help_flag("-h,--help", "Show this help");
      }
      parent = app;
    }
    auto command = std::make_unique<Command>();
    command->operation = &operation;
    command->app = parent;
    declare_options(*command);
    commands_.push_back(std::move(command));
  }

  CLI::App app_{"EdgeTran finds the transformer encoder and the edge device that suit a text task.",
                "edgetran"};
  std::map<std::string, CLI::App*> apps_;
  std::vector<std::unique_ptr<Command>> commands_;
  bool version_ = false;
  bool quiet_ = false;
  bool no_color_ = false;
};

base::Error unknown_word(const CLI::App& app, const std::string& path, const std::string& word) {
  const bool is_flag = word.starts_with("-");
  std::vector<std::string> known;
  if (is_flag) {
    for (const CLI::Option* option : app.get_options())
      for (const auto& name : option->get_lnames()) known.push_back("--" + name);
  } else {
    for (const CLI::App* child : app.get_subcommands({})) known.push_back(child->get_name());
  }
  const auto nearest = base::nearest_name(word.substr(0, word.find('=')), known);
  const std::string what = is_flag ? "flag" : (known.empty() ? "argument" : "command");
  std::string hint = nearest ? fmt::format("did you mean '{}'?", *nearest) : std::string();
  if (!nearest && !known.empty() && !is_flag)
    hint = fmt::format("allowed: {}", fmt::join(known, ", "));
  if (hint.empty()) hint = fmt::format("see: edgetran{} --help", path);
  return {ErrorCategory::kUsage,
          known.empty() && !is_flag ? fmt::format("unexpected argument '{}'", word)
                                    : fmt::format("unknown {} '{}'", what, word),
          std::move(hint)};
}

/// The deepest sub-command that was named.
CLI::App* chosen_app(CLI::App& root, std::string& path) {
  CLI::App* app = &root;
  while (!app->get_subcommands().empty()) {
    app = app->get_subcommands().front();
    path += " " + app->get_name();
  }
  return app;
}

base::Result<Invocation> collect(const Command& command, bool quiet) {
  Invocation invocation{.operation = command.operation, .format = command.format, .quiet = quiet};
  if (std::ranges::find(kFormats, command.format) == kFormats.end()) {
    const auto nearest = base::nearest_name(command.format, kFormats);
    return base::fail(
        ErrorCategory::kUsage,
        fmt::format("unknown format '{}'; allowed: {}", command.format, fmt::join(kFormats, ", ")),
        nearest ? fmt::format("did you mean '{}'?", *nearest) : "");
  }
  for (const auto& [name, option] : command.options) {
    if (option->count() == 0) continue;
    const bool flag = option->get_items_expected_max() == 0;
    if (option->get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll) {
      for (const auto& text : option->results()) invocation.arguments.emplace_back(name, text);
      continue;
    }
    invocation.arguments.emplace_back(name, flag ? "true" : option->results().back());
  }
  return invocation;
}

Invocation shown(std::string text) { return Invocation{.text = std::move(text)}; }

}  // namespace

std::string flag_of(const std::string& setting) {
  std::string flag = "--" + setting;
  std::ranges::replace(flag, '_', '-');
  return flag;
}

base::Result<Invocation> parse_command_line(const std::vector<Operation>& operations, int argc,
                                            const char* const* argv) {
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (!words.empty() && words.front() == "help" && words.size() > 1) {
    if (auto topic = help_topic(words[1])) return shown(*topic);
  }
  if (!words.empty() && words.front() == "completion") {
    EDGETRAN_ASSIGN(std::string script, completion_script(operations, words));
    return shown(std::move(script));
  }
  Tree tree(operations);
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  if (!words.empty() && words.front() == "help") {  // help COMMAND is COMMAND --help
    reversed.pop_back();
    reversed.insert(reversed.begin(), "--help");
  }
  try {
    tree.app().parse(reversed);
  } catch (const CLI::CallForHelp&) {
    std::string path;
    CLI::App* app = chosen_app(tree.app(), path);
    const auto extras = tree.app().remaining(true);
    if (!extras.empty()) return base::fail(unknown_word(*app, path, extras.front()));
    return shown(app->help() + (path.empty() ? root_footer() : ""));
  } catch (const CLI::ParseError& error) {
    std::string path;
    chosen_app(tree.app(), path);
    return base::fail(ErrorCategory::kUsage, error.what(),
                      fmt::format("see: edgetran{} --help", path));
  }
  if (tree.version()) return shown(version_text());
  std::string path;
  CLI::App* app = chosen_app(tree.app(), path);
  const auto extras = tree.app().remaining(true);
  if (!extras.empty()) return base::fail(unknown_word(*app, path, extras.front()));
  for (const auto& command : tree.commands())
    if (command->app == app) return collect(*command, tree.quiet());
  if (app == &tree.app()) return shown(app->help() + root_footer());
  return base::fail(ErrorCategory::kUsage, fmt::format("'edgetran{}' needs a command", path),
                    fmt::format("see: edgetran{} --help", path));
}

}  // namespace edgetran::cli
