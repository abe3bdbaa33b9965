#include "profile/physics_gates.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "profile/statistics.h"
#include "profile/student_t.h"

namespace edgetran::profile {

namespace {

/// No processor is clocked higher; where the base frequency is not known this bounds from above.
constexpr double kMost_hz = 7e9;
/// The least at which boards of this kind work.
constexpr double kLeast_hz = 1e9;
/// Two loads of a 64-byte vector a cycle: no core loads more from its first cache. What a model
/// moves may never leave the caches, so that the memory's bandwidth would be no bound.
constexpr double kBytesPerCycle = 128;
/// Below this share of the roofline nobody computes in earnest (profiling.md, section 6).
constexpr double kTooSlow = 0.005;
/// A run this short cannot hold the load of a model; with a few operators of nothing it is
/// dominated by starting them.
constexpr double kShort_s = 1e-3;
constexpr double kObserverShare = 0.01;
constexpr double kQuantile95 = 0.975;
constexpr size_t kBlock = 4;

struct Vectors {
  const char* flag;
  double fp32_flop_per_cycle;  ///< two pipes of fused multiply-adds
};
/// Widest first. Matrix and 16-bit units go beyond: see most_flop_per_cycle.
constexpr Vectors kVectors[] = {{"avx512f", 64}, {"avx2", 32},  {"avx", 16}, {"sse2", 8},
                                {"sve", 32},     {"asimd", 16}, {"neon", 8}};
struct Units {
  const char* flag;
  double flop_per_cycle;
};
constexpr Units kUnits[] = {{"amx_bf16", 2048}, {"avx512_bf16", 128}, {"i8mm", 128}, {"bf16", 64}};

bool has(const std::vector<std::string>& flags, const char* flag) {
  return std::ranges::find(flags, flag) != flags.end();
}

}  // namespace

ProcessorBounds processor_bounds(const base::Json& host, int64_t threads) {
  const auto found = host.find("instructions");
  if (found == host.end() || !found->is_array()) return {};
  std::vector<std::string> flags;
  for (const auto& flag : *found) {
    if (flag.is_string()) flags.push_back(flag.get<std::string>());
  }
  double vector_flop = 0;
  for (const Vectors& vectors : kVectors) {
    if (has(flags, vectors.flag)) vector_flop = std::max(vector_flop, vectors.fp32_flop_per_cycle);
  }
  if (vector_flop == 0) return {};
  double most_flop = vector_flop;
  for (const Units& units : kUnits) {
    if (has(flags, units.flag)) most_flop = std::max(most_flop, units.flop_per_cycle);
  }
  const auto cores = static_cast<double>(threads);
  const auto base = host.find("base_frequency_hz");
  const bool known = base != host.end() && base->is_number() && base->get<double>() > 0;
  return {.most_flop_per_s = cores * kMost_hz * most_flop,
          .peak_flop_per_s = cores * (known ? base->get<double>() : kLeast_hz) * vector_flop,
          .most_bytes_per_s = cores * kMost_hz * kBytesPerCycle};
}

std::vector<std::string> physics_flags(const Recording& recording, double median_s) {
  const RecordingHeader& header = recording.header;
  if (!header.cost || header.modelled || header.settings.accelerator != "CPU" ||
      recording.segments.empty()) {
    return {};
  }
  const auto bounds = processor_bounds(recording.segments.front().host, header.settings.threads);
  if (bounds.most_flop_per_s == 0) return {};
  const auto flops = static_cast<double>(header.cost->flops);
  const auto bytes = static_cast<double>(header.cost->bytes_moved);
  // Narrow numbers move fewer bytes: a quarter of the fp32 count is the least (8 bits).
  constexpr double kNarrowest = 0.25;
  const double least_s =
      std::max(flops / bounds.most_flop_per_s, kNarrowest * bytes / bounds.most_bytes_per_s);
  if (median_s < least_s) return {"IMPOSSIBLE"};
  if (median_s > kShort_s && flops / bounds.peak_flop_per_s < kTooSlow * median_s) {
    return {"TOO_SLOW"};
  }
  return {};
}

bool ObserverEffect::harmful() const { return low > 0 && effect > kObserverShare; }

std::optional<ObserverEffect> observer_effect(const Recording& recording) {
  std::vector<double> logs;
  for (const Segment& segment : recording.segments) {
    const auto& windows = segment.observer;
    for (size_t i = 0; i + kBlock <= windows.size(); i += kBlock) {
      double sum = 0;
      for (size_t k = i; k < i + kBlock; ++k) {
        const double log_s = std::log(median(windows[k].seconds));
        sum += windows[k].sampling ? log_s : -log_s;
      }
      logs.push_back(sum / 2);
    }
  }
  if (logs.size() < 2) return std::nullopt;
  const auto n = static_cast<double>(logs.size());
  const double mean = std::accumulate(logs.begin(), logs.end(), 0.0) / n;
  double squares = 0;
  for (const double value : logs) squares += (value - mean) * (value - mean);
  const double half = student_t_quantile(kQuantile95, n - 1) * std::sqrt(squares / (n - 1) / n);
  return ObserverEffect{.effect = std::expm1(mean),
                        .low = std::expm1(mean - half),
                        .high = std::expm1(mean + half),
                        .blocks = static_cast<int64_t>(logs.size())};
}

}  // namespace edgetran::profile
