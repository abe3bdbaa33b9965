#include "profile/record.h"

#include "base/clock.h"
#include "base/version.h"

namespace edgetran::profile {

namespace {

using base::Json;

Json provenance(const RecordParts& parts) {
  const RunSettings& settings = parts.request.settings;
  Json json = {{"program", "edgetran-agent"},
               {"version", base::kVersion},
               {"model_sha256", parts.request.model},
               {"runtime", parts.runtime.name},
               {"runtime_version", parts.runtime.version},
               {"precision", settings.precision},
               {"threads", settings.threads},
               {"batch", settings.batch},
               {"length", settings.length},
               {"seed", parts.request.seed}};
  if (settings.law) json["law"] = simulated_law_json(*settings.law);
  if (parts.runtime.modelled) return json;
  json["host"] = host_json(parts.host);
  json["load_average"] = parts.host.load_average;
  json["time"] = base::iso_time(parts.unix_time_s);
  return json;
}

std::string verdict(bool lease_lost, const std::vector<std::string>& flags) {
  if (lease_lost) return "INVALID";
  return flags.empty() ? "VALID" : "FLAGGED";
}

}  // namespace

Json make_record(const RecordParts& parts) {
  LatencySummary summary = summarise(parts.result.samples, parts.request.profile);
  if (parts.result.lease_lost) summary.flags.emplace_back("LEASE_LOST");
  // Tasks that want a core besides this one, as many as there are cores: they shared the machine.
  if (!parts.runtime.modelled && parts.host.running > parts.host.cores) {
    summary.flags.emplace_back("HOST_BUSY");
  }
  const char* reason = parts.runtime.modelled
                           ? "the simulated device has no power law: energy and power are not known"
                           : "no power sensor is read: energy and power were not measured";
  return {
      {"format", "edgetran.measurement/1"},
      {"kind", parts.runtime.modelled ? "modelled" : "measured"},
      {"profile", parts.request.profile.name},
      {"device", parts.request.device},
      {"deployment", parts.request.deployment},
      {"latency", summary.latency},
      {"energy", nullptr},
      {"power", nullptr},
      {"reason", reason},
      {"memory",
       {{"peak_rss_bytes", parts.result.peak_memory_bytes}, {"model_bytes", parts.model_bytes}}},
      {"flags", summary.flags},
      {"verdict", verdict(parts.result.lease_lost, summary.flags)},
      {"raw", {{"path", nullptr}, {"sha256", parts.raw_sha256}, {"bytes", parts.raw_bytes}}},
      {"provenance", provenance(parts)}};
}

}  // namespace edgetran::profile
