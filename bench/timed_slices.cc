// Short stretches of runs of one model as a session times them, for bench/measuring.py:
//   timed_slices MODEL.onnx LENGTH THREADS VOCABULARY [--loads N] [--sampler]
// Loads the model in OpenVINO (N times, keeping the last), prints {"load_s"} of all loadings, then
// answers each line "SECONDS on|off" with {"seconds"}: so many seconds of runs, after a few that
// are not timed. With --sampler, on: a power sensor is read meanwhile, 100 times a second.
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "profile/runtimes/openvino/openvino_runtime.h"
#include "profile/sampler.h"
#include "profile/sensors/synthetic.h"
#include "profile/session.h"

namespace {

using namespace edgetran;           // NOLINT(google-build-using-namespace)
using namespace edgetran::profile;  // NOLINT(google-build-using-namespace)

/// The caches are another program's when a stretch begins.
constexpr int kUntimedRuns = 3;
constexpr double kUpdate_s = 0.01;
constexpr uint64_t kModelLimitBytes = uint64_t{4} << 30;

struct Arguments {
  std::string model;
  RunSettings settings;
  int64_t vocabulary = 0;
  int loads = 1;
  bool sampler = false;
};

base::Result<std::vector<double>> slice(CompiledModel& model, base::Clock& clock, double seconds) {
  for (int i = 0; i < kUntimedRuns; ++i) EDGETRAN_TRY(model.run());
  return model.run_until({.seconds = seconds}, clock, {});
}

base::Status serve(const Arguments& arguments) {
  EDGETRAN_ASSIGN(const std::string bytes, base::read_file(arguments.model, kModelLimitBytes));
  EDGETRAN_ASSIGN(const auto runtime, openvino::make_factory()->create());
  base::Clock& clock = runtime->clock();
  const double start_s = clock.now_s();
  std::unique_ptr<CompiledModel> model;
  for (int i = 0; i < arguments.loads; ++i) {
    EDGETRAN_ASSIGN(model, runtime->load(bytes, arguments.settings));
  }
  fmt::print("{}\n", base::dump_json({{"load_s", clock.now_s() - start_s}}));
  std::fflush(stdout);
  EDGETRAN_ASSIGN(const auto inputs, seeded_inputs(model->inputs(), arguments.vocabulary,
                                                   base::RandomStream(1, "measure.inputs")));
  EDGETRAN_TRY(model->set_inputs(inputs));
  sensors::SyntheticSettings power;
  power.update_s = kUpdate_s;
  sensors::SyntheticSensor sensor(power, clock);
  Sampler sampler(sensor, clock, kUpdate_s);
  sampler.pause(true);
  if (arguments.sampler) EDGETRAN_TRY(sampler.start());
  for (std::string line; std::getline(std::cin, line);) {
    sampler.pause(!line.ends_with("on"));
    EDGETRAN_ASSIGN(const auto seconds, slice(*model, clock, std::strtod(line.c_str(), nullptr)));
    fmt::print("{}\n", base::dump_json({{"seconds", seconds}}));
    std::fflush(stdout);
  }
  sampler.stop();
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    fmt::print(stderr,
               "timed_slices MODEL.onnx LENGTH THREADS VOCABULARY [--loads N] [--sampler]\n");
    return 2;
  }
  Arguments arguments{.model = argv[1], .settings = {}};
  arguments.settings.length = std::atoll(argv[2]);
  arguments.settings.threads = std::atoll(argv[3]);
  arguments.vocabulary = std::atoll(argv[4]);
  for (int i = 5; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--sampler") arguments.sampler = true;
    if (word == "--loads" && i + 1 < argc) arguments.loads = std::atoi(argv[++i]);
  }
  const auto status = serve(arguments);
  if (!status) fmt::print(stderr, "{}\n", status.error().message);
  return status ? 0 : 1;
}
