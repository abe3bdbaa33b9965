#include "base/oom_counter.h"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/text.h"

namespace edgetran::base {
namespace {

/// The number after "`key` " at the start of a line of `path`.
std::optional<uint64_t> read_counter(const std::string& path, std::string_view key) {
  const Result<std::string> text = read_file(path, 1 << 20);
  if (!text) return std::nullopt;
  for (std::string_view line : split(*text, '\n')) {
    if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != ' ') continue;
    const std::string_view digits = line.substr(key.size() + 1);
    uint64_t value = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec == std::errc())
      return value;
  }
  return std::nullopt;
}

/// Control group of this process: under `controller` (version 1), or "" for version 2.
std::optional<std::string> control_group(std::string_view controller) {
  const Result<std::string> text = read_file("/proc/self/cgroup", 1 << 20);
  if (!text) return std::nullopt;
  for (std::string_view line : split(*text, '\n')) {  // "4:memory:/path"
    const size_t first = line.find(':');
    const size_t second = first == line.npos ? first : line.find(':', first + 1);
    if (second == line.npos || line.substr(first + 1, second - first - 1) != controller) continue;
    return std::string(line.substr(second + 1));
  }
  return std::nullopt;
}

}  // namespace

uint64_t oom_kill_count() {
  if (const auto group = control_group("")) {
    if (const auto count = read_counter("/sys/fs/cgroup" + *group + "/memory.events", "oom_kill"))
      return *count;
  }
  if (const auto group = control_group("memory")) {
    const std::string file = "/sys/fs/cgroup/memory" + *group + "/memory.oom_control";
    if (const auto count = read_counter(file, "oom_kill")) return *count;
  }
  return read_counter("/proc/vmstat", "oom_kill").value_or(0);
}

}  // namespace edgetran::base
