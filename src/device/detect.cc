#include "device/detect.h"

#include <fmt/core.h>

#include <utility>

#include "profile/host.h"

namespace edgetran::device {

namespace {

Deployment cpu_deployment(int64_t threads, const std::string& precision,
                          const DetectOptions& options) {
  return {.name = fmt::format("cpu-{}t-{}", threads, precision),
          .runtime = "openvino",
          .precision = precision,
          .threads = threads,
          .batch = options.batch,
          .length = options.length};
}

}  // namespace

base::Result<Detected> detect_this_machine(const DetectOptions& options) {
  EDGETRAN_ASSIGN(const auto host, profile::read_host(options.root, options.affinity_cores));
  Detected detected;
  detected.card.board = {.name = "this-machine",
                         .kind = BoardKind::kLocal,
                         .description = fmt::format("Linux {}{}", host.kernel,
                                                    host.is_virtual ? ", virtual machine" : ""),
                         .processor = host.processor,
                         .cores = host.cores,
                         .memory_bytes = host.memory_bytes,
                         .law = {}};
  auto& deployments = detected.card.deployments;
  deployments.push_back(cpu_deployment(1, "fp32", options));
  if (host.cores > 1) {
    deployments.push_back(cpu_deployment(host.cores, "fp32", options));
  } else {
    detected.notes.emplace_back(
        "only one core is usable here, so there is no deployment with more threads");
  }
  if (host.has_flag("avx512_bf16") || host.has_flag("amx_bf16")) {
    deployments.push_back(cpu_deployment(host.cores, "bf16", options));
  } else {
    detected.notes.emplace_back(
        "the processor has no bf16 instructions (avx512_bf16 or amx_bf16), so there is no bf16 "
        "deployment");
  }
  if (host.cores < host.processors) {
    detected.notes.push_back(fmt::format(
        "{} of {} processors are usable: the scheduler's affinity or a cgroup quota limits them",
        host.cores, host.processors));
  }
  return detected;
}

}  // namespace edgetran::device
