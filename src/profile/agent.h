#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "profile/blob_store.h"
#include "profile/host.h"
#include "profile/lease.h"
#include "profile/machine_sensors.h"
#include "profile/measure_request.h"
#include "profile/runtime.h"
#include "wire/service.h"

namespace edgetran::profile {

struct AgentOptions {
  std::vector<std::unique_ptr<RuntimeFactory>> runtimes;
  std::filesystem::path lock_file;             ///< of the exclusive lease; empty: this process only
  std::filesystem::path root = "/";            ///< of /proc and /sys
  std::filesystem::path calibrations;          ///< file that keeps sensors' calibrations for a boot
  std::function<FoundSensors()> find_sensors;  ///< of this machine; empty: it has none
  std::string commit;                          ///< of the program, for records; empty: not known
  uint64_t model_bytes = uint64_t{1} << 30;    ///< of all models kept
  uint64_t result_bytes = uint64_t{1} << 30;   ///< of all results kept for `fetch`
};

/// The service that lives on a board (architecture.md, section 3): verbs capabilities, lease, put,
/// measure and fetch besides hello, cancel and bye. Takes data only: no code, no path, no plug-in
/// comes from the peer. Serves one client.
class Agent {
 public:
  Agent(AgentOptions options, base::Clock& clock);
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  const wire::Service& service() const { return service_; }
  /// Whether the client holds a lease that has not run out; one that has is given up. Any thread.
  bool leased() { return lease_.holds(); }

 private:
  /// A model kept loaded between calls of the mode "outputs".
  struct Loaded {
    std::string key;
    std::unique_ptr<Runtime> runtime;
    std::unique_ptr<CompiledModel> model;
  };

  base::Result<wire::Answer> capabilities(wire::Call& call);
  base::Result<wire::Answer> lease(wire::Call& call);
  base::Result<wire::Answer> put(wire::Call& call);
  base::Result<wire::Answer> measure(wire::Call& call);
  base::Result<wire::Answer> fetch(wire::Call& call);

  base::Result<wire::Answer> measure_latency(const AgentMeasure& request,
                                             const RuntimeFactory& factory, wire::Call& call);
  base::Result<wire::Answer> run_outputs(const AgentMeasure& request, const RuntimeFactory& factory,
                                         wire::Call& call);
  base::Result<wire::Answer> convert(const AgentMeasure& request, const RuntimeFactory& factory);
  base::Result<const RuntimeFactory*> find_runtime(const std::string& name) const;
  base::Result<std::shared_ptr<const std::string>> find_model(const AgentMeasure& request,
                                                              bool modelled);
  base::Result<CompiledModel*> load_for_outputs(const AgentMeasure& request,
                                                const RuntimeFactory& factory);
  base::Status check_lease(bool modelled);
  base::Result<wire::Answer> record_answer(std::string raw);
  bool keep_lease(base::EventSink& events);
  MachineSensors& sensors();
  RecordingHeader header(const AgentMeasure& request, const RuntimeInfo& runtime,
                         uint64_t model_bytes) const;
  base::Result<Segment> preflight(const AgentMeasure& request, const RuntimeInfo& runtime);

  AgentOptions options_;
  base::Clock& clock_;
  Lease lease_;
  BlobStore models_;
  BlobStore results_;
  std::unique_ptr<Loaded> loaded_;
  std::unique_ptr<MachineSensors> sensors_;  ///< made at the first need
  wire::Service service_;
};

}  // namespace edgetran::profile
