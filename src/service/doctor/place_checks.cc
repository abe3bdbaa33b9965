#include "service/doctor/place_checks.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/text.h"
#include "base/units.h"
#include "device/card.h"
#include "service/doctor/run_program.h"

namespace edgetran::service {

namespace {

namespace fs = std::filesystem;

constexpr const char* kFiles = "files";
constexpr const char* kTools = "tools";
/// A study of some dozen encoders with checkpoints.
constexpr uint64_t kLittleRoom_bytes = uint64_t{1} << 30;

std::string first_line(std::string_view text) {
  text = base::trim(text);
  return std::string(text.substr(0, text.find('\n')));
}

/// The folder, or the nearest one above it that is there.
fs::path existing(fs::path folder) {
  std::error_code code;
  while (!fs::exists(folder, code) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

DoctorCheck tool(const std::string& name, const std::vector<std::string>& command, double limit_s,
                 const std::string& use, const std::string& fix) {
  DoctorCheck check{.group = kTools, .name = name};
  const auto output = run_program(command, limit_s);
  if (output && output->success) {
    check.seen = first_line(output->text);
    return check;
  }
  const bool absent = !output && output.error().category == base::ErrorCategory::kNotFound;
  check.status = absent || output ? CheckStatus::kMissing : CheckStatus::kFailed;
  check.seen = absent ? "not installed" : output ? "not usable" : output.error().message;
  check.seen += fmt::format("; {}", use);
  check.fix = fix;
  return check;
}

}  // namespace

DoctorCheck check_folder(const std::string& name, const fs::path& folder) {
  DoctorCheck check{.group = kFiles, .name = name};
  std::error_code code;
  const fs::path there = existing(fs::absolute(folder, code));
  if (::access(there.c_str(), W_OK | X_OK) != 0) {
    check.status = CheckStatus::kWarning;
    check.seen = fmt::format("{} cannot be written: results need another folder", there.string());
    check.fix = "mkdir -p ~/edgetran && cd ~/edgetran";
    return check;
  }
  const auto space = fs::space(there, code);
  const bool little = !code && space.available < kLittleRoom_bytes;
  check.status = little ? CheckStatus::kWarning : CheckStatus::kOk;
  check.seen = folder.string();
  if (!code) {
    check.seen +=
        fmt::format(", {} free", base::format_bytes(static_cast<double>(space.available)));
  }
  if (little) {
    check.seen += ": little for raw samples and checkpoints";
    check.fix = fmt::format("df -h '{}'", there.string());
  }
  return check;
}

Checks check_cards(const fs::path& folder) {
  constexpr const char* kName = "device cards";
  std::vector<fs::path> files;
  std::error_code code;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end;
       entry.increment(code)) {
    if (entry->path().extension() == ".yaml") files.push_back(entry->path());
  }
  if (code || files.empty()) {
    return {{kFiles, kName, CheckStatus::kMissing,
             fmt::format("none in the folder {}; this machine needs none (--device this-machine)",
                         base::in_quotes(folder.string())),
             fmt::format("mkdir -p '{0}' && edgetran device list --detect --out "
                         "'{0}/this-machine.yaml'",
                         folder.string())}};
  }
  std::ranges::sort(files);
  Checks broken;
  size_t deployments = 0;
  for (const auto& file : files) {
    const auto card = device::read_card_file(file);
    if (card) {
      deployments += card->deployments.size();
      continue;
    }
    broken.push_back({kFiles, "card " + file.filename().string(), CheckStatus::kFailed,
                      first_line(card.error().message),
                      fmt::format("edgetran device show '{}'", file.string())});
  }
  Checks checks;
  if (broken.size() < files.size()) {
    checks.push_back({kFiles, kName, CheckStatus::kOk,
                      fmt::format("{} with {} deployments in {}", files.size() - broken.size(),
                                  deployments, folder.string()),
                      ""});
  }
  std::ranges::move(broken, std::back_inserter(checks));
  return checks;
}

Checks check_tools(double limit_s) {
  constexpr const char* kVersions = "import sys; print('Python', sys.version.split()[0])";
  constexpr const char* kOnnxRuntime =
      "import onnxruntime, numpy; print(onnxruntime.__version__, 'in python3')";
  Checks checks;
  checks.push_back(tool("ssh", {"ssh", "-V"}, limit_s, "boards elsewhere are reached by it",
                        "sudo apt-get install -y openssh-client"));
  checks.push_back(tool("python3", {"python3", "-c", kVersions}, limit_s,
                        "runtimes in Python (adapters/) need it",
                        "sudo apt-get install -y python3 python3-venv"));
  if (checks.back().status == CheckStatus::kOk) {
    checks.push_back(
        tool("onnxruntime", {"python3", "-c", kOnnxRuntime}, limit_s,
             "only the adapter adapters/runtimes/onnxruntime_runtime.py needs it",
             "python3 -m venv .venv && .venv/bin/pip install onnxruntime numpy   # then run the "
             "adapter by .venv/bin/python"));
  }
  return checks;
}

}  // namespace edgetran::service
