#include <fmt/core.h>
#include <unistd.h>

#include <utility>

#include "profile/runtimes/program/program_runtime.h"

namespace edgetran::profile::program {

using base::ErrorCategory;

std::string find_beside(const std::string& program, const std::filesystem::path& folder) {
  if (program.empty() || program.find('/') != std::string::npos) return program;
  const std::filesystem::path path = folder / program;
  std::error_code ignored;
  const bool there =
      std::filesystem::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
  return there ? path.string() : program;
}

base::Result<ProgramOptions> read_program(const std::string& text) {
  const auto wrong = [&](const char* what) {
    return base::fail(ErrorCategory::kUsage, fmt::format("\"{}\" {}", text, what),
                      "write NAME=COMMAND, as in onnxruntime=\"python3 onnxruntime_runtime.py\"");
  };
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) return wrong("names no runtime");
  ProgramOptions options;
  options.name = text.substr(0, equals);
  if (options.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") !=
      std::string::npos) {
    return wrong("has a name with other characters than a-z, 0-9, - and _");
  }
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (const char c : text.substr(equals + 1)) {
    if (quote != 0 ? c == quote : (c == '\'' || c == '"')) {
      quote = quote != 0 ? 0 : c;
      in_word = true;
    } else if (quote == 0 && c == ' ') {
      if (in_word) options.command.push_back(std::exchange(word, {}));
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) return wrong("has an open quote");
  if (in_word) options.command.push_back(word);
  if (options.command.empty()) return wrong("names no command");
  return options;
}

}  // namespace edgetran::profile::program
