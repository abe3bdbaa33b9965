#include "service/doctor/run_program.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/clock.h"
#include "base/files.h"
#include "base/process.h"

namespace edgetran::service {

namespace {

constexpr size_t kOutputBytes = size_t{1} << 16;
constexpr double kMilliseconds = 1e3;

/// Reads until the end, the deadline or the bound.
std::string read_output(int descriptor, double until_s) {
  const base::SystemClock clock;
  std::string text;
  std::array<char, 4096> buffer;
  while (text.size() < kOutputBytes) {
    const double left_s = std::max(0.0, until_s - clock.now_s());
    pollfd ready{descriptor, POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(std::ceil(left_s * kMilliseconds))) <= 0) break;
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count <= 0) break;
    text.append(buffer.data(), static_cast<size_t>(count));
  }
  return text;
}

}  // namespace

base::Result<ProgramOutput> run_program(const std::vector<std::string>& arguments, double limit_s) {
  EDGETRAN_ASSIGN(const auto folder, base::TemporaryFolder::create("edgetran-doctor"));
  base::ProcessOptions options;
  options.arguments = arguments;
  options.pipe_stdin = false;
  options.stderr_file = folder.path() / "stderr";
  EDGETRAN_ASSIGN(auto child, base::ChildProcess::spawn(options));
  const base::SystemClock clock;
  const double until_s = clock.now_s() + limit_s;
  ProgramOutput output;
  output.text = read_output(child.stdout_descriptor(), until_s);
  const auto end = child.wait(std::max(0.0, until_s - clock.now_s()));
  if (!end) {
    child.stop(0);
    return base::fail(base::ErrorCategory::kFailed,
                      fmt::format("did not end within {:g} s", limit_s));
  }
  output.success = end->success();
  output.text += base::read_file(options.stderr_file, kOutputBytes).value_or("");
  return output;
}

}  // namespace edgetran::service
