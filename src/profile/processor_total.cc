#include "profile/processor_total.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "base/numbers.h"

namespace edgetran::profile {

namespace {

constexpr std::string_view kMmio = "mmio/";

/// Which of several sources of one processor's counters is taken, best first.
/// perf-rapl before powercap-rapl: same registers, but in steps of 2^-32 J of the unit instead of
/// rounded microjoules, without wraps, and with a narrower permission. The memory-mapped registers
/// come last: firmware may leave them unserved.
constexpr std::array<std::string_view, 4> kSources = {"perf-rapl", "powercap-rapl", "hwmon-energy",
                                                      "hwmon-power"};

/// Where a channel of a processor belongs. A channel that does not say has package -1.
struct Place {
  int64_t package = -1;
  int64_t die = -1;  ///< -1: the whole package
  bool is_memory = false;
};

/// N of "package-N..." after `prefix`; the rest of the text is left in `text`.
std::optional<int64_t> take_number(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  const size_t end = text.find_first_not_of("0123456789", prefix.size());
  const auto number = base::parse_int64(text.substr(prefix.size(), end - prefix.size()));
  if (number) text.remove_prefix(std::min(end, text.size()));
  return number;
}

/// From "package-0-die-1/dram", "psys-1", or amd_energy's "Esocket0".
Place place_of(const SensorInfo& info) {
  std::string_view text = info.channel;
  if (text.starts_with(kMmio)) text.remove_prefix(kMmio.size());
  Place place;
  if (text == "psys") {
    place.package = 0;
  } else if (const auto psys = take_number(text, "psys-")) {
    place.package = *psys;
  } else if (const auto package = take_number(text, "package-")) {
    place.package = *package;
    place.die = take_number(text, "-die-").value_or(-1);
    place.is_memory = text == "/dram";
  } else {
    text = info.domain;
    place.package = take_number(text, "Esocket").value_or(-1);
  }
  return place;
}

/// One way of seeing a domain: a driver and its kind of register. Lower is preferred.
using Source = std::pair<bool, size_t>;

Source source_of(const SensorInfo& info) {
  const auto rank = std::find(kSources.begin(), kSources.end(), info.driver) - kSources.begin();
  return {info.channel.starts_with(kMmio), static_cast<size_t>(rank)};
}

/// A part of the processor that a source should show and does not.
struct Gap {
  Place place;  // package -1: any of the source's
  Source source;
  std::string text;  // "package-1 of powercap-rapl cannot be read"
  bool still = false;
};

class Chooser {
 public:
  Chooser(std::span<const SensorInfo> sensors, std::span<const CounterReading> readings,
          const SensorFaults& faults, Boundary boundary)
      : sensors_(sensors), readings_(readings), boundary_(boundary) {
    for (const SensorInfo& missing : faults.missing) add_gap(missing, false);
    // The platform is one: of several psys the ones beside the first package's need not count.
    if (boundary == Boundary::kPsys) return;
    for (const StillCounter& still : faults.still) add_gap(sensors[still.sensor], true);
  }

  ProcessorTotal run(const std::vector<size_t>& open) {
    sort(open);
    for (const auto& [package, list] : domains_) add_domain(package, list);
    for (const auto& [package, list] : memories_) add_memory(package, list);
    find_absent_domains();
    find_absent_memories();
    if (lack_) {
      for (const size_t i : std::exchange(result_.sensors, {})) leave_out_lacking(i);
    }
    return std::move(result_);
  }

 private:
  using Packages = std::map<int64_t, std::vector<size_t>>;

  void add_gap(const SensorInfo& info, bool still) {
    if (info.boundary != boundary_ || !info.within.empty()) return;
    const Place place = place_of(info);
    // A meter that is not the processor's own is no part of it. Without a channel nothing is known
    // of what the source did not show.
    if (place.package < 0 && !info.channel.empty()) return;
    const std::string name = info.channel.empty() ? "a part" : info.channel;
    gaps_.push_back(
        {place, source_of(info),
         fmt::format("{} of {} {}", name, info.driver, still ? "stands still" : "cannot be read"),
         still});
  }

  void sort(const std::vector<size_t>& open) {
    for (const size_t i : open) {
      const Place place = place_of(sensors_[i]);
      if (place.package < 0) {
        result_.elsewhere.push_back(i);
      } else {
        (place.is_memory ? memories_ : domains_)[place.package].push_back(i);
      }
    }
  }

  void add_domain(int64_t package, const std::vector<size_t>& list) {
    const auto chosen = of_one_source(list, package, false);
    if (!chosen.empty()) drivers_[package] = source_of(sensors_[chosen.front()]).second;
    append(chosen);
  }

  void add_memory(int64_t package, const std::vector<size_t>& list) {
    if (domains_.contains(package)) {
      const auto chosen = of_one_source(list, package, true);
      has_memory_ = has_memory_ || !chosen.empty();
      append(chosen);
      return;
    }
    for (const size_t i : list) {
      leave_out(i,
                "is memory beside a package whose own counter is not there; alone it is not "
                "the package's energy");
    }
  }

  /// What `source` lacks of a package or of its memory; null: nothing.
  const Gap* gap_of(const Source& source, int64_t package, bool memory) const {
    for (const Gap& gap : gaps_) {
      const bool any = gap.place.package < 0;
      const bool same_part = gap.place.package == package && gap.place.is_memory == memory;
      if (any ? gap.source.second == source.second : same_part && gap.source == source) return &gap;
    }
    return nullptr;
  }

  /// Of all sources of one domain of one package the best that has no gap; its dies, mirrors once.
  /// A source that counts the whole package cannot miss a die and goes before one with more dies
  /// than the others. None where every source lacks a part.
  std::vector<size_t> of_one_source(const std::vector<size_t>& list, int64_t package, bool memory) {
    std::map<Source, std::vector<size_t>> sources;
    for (const size_t i : list) sources[source_of(sensors_[i])].push_back(i);
    const std::vector<size_t>* best = nullptr;
    const Gap* first_gap = nullptr;
    std::tuple<bool, size_t> most;
    for (auto& [source, members] : sources) {
      if (const Gap* gap = gap_of(source, package, memory)) {
        if (first_gap == nullptr) first_gap = gap;
        continue;
      }
      members = without_mirrors(members);
      const bool whole = std::any_of(members.begin(), members.end(),
                                     [this](size_t i) { return place_of(sensors_[i]).die < 0; });
      const std::tuple<bool, size_t> reach{whole, members.size()};
      if (best != nullptr && reach <= most) continue;
      best = &members;
      most = reach;
    }
    if (best == nullptr) {
      lack(*first_gap);
      for (const size_t i : list) leave_out_lacking(i);
      return {};
    }
    for (const auto& [source, members] : sources) {
      if (&members == best) continue;
      for (const size_t i : members) {
        leave_out(i,
                  fmt::format("is the same energy as {}", channel_name(sensors_[best->front()])));
      }
    }
    return *best;
  }

  std::vector<size_t> without_mirrors(const std::vector<size_t>& members) {
    // perf's counts begin at 0 when they are opened, so that dies of equal power seem to move
    // together; its driver opens a register of several dies only once.
    if (sensors_[members.front()].driver == kSources.front()) return members;
    std::vector<size_t> kept;
    for (const size_t i : members) {
      const auto twin = std::find_if(kept.begin(), kept.end(), [this, i](size_t k) {
        return mirrored(readings_, k, i, sensors_[i].range_ticks);
      });
      if (twin == kept.end()) {
        kept.push_back(i);
      } else {
        leave_out(i, fmt::format("shows the same register as {}: read in turn, they move in lock "
                                 "step",
                                 channel_name(sensors_[*twin])));
      }
    }
    return kept;
  }

  /// Packages of which nothing is seen but that they cannot be.
  void find_absent_domains() {
    for (const Gap& gap : gaps_) {
      const bool known = gap.place.package >= 0 && !gap.place.is_memory;
      if (known && !domains_.contains(gap.place.package)) lack(gap);
    }
  }

  /// Memory that cannot be read is missed by its own driver's total only: another driver's was
  /// never meant to hold it. Memory that stands still is none that this machine counts, unless it
  /// counts other packages'.
  void find_absent_memories() {
    for (const Gap& gap : gaps_) {
      if (!gap.place.is_memory || memories_.contains(gap.place.package)) continue;
      const auto driver = drivers_.find(gap.place.package);
      if (driver == drivers_.end()) continue;
      const bool own = gap.source.second == driver->second;
      if (gap.still ? has_memory_ : own) lack(gap);
    }
  }

  void lack(const Gap& gap) {
    if (!lack_) {
      lack_ =
          fmt::format("{}, so the {} total would be too small", gap.text, boundary_name(boundary_));
    }
  }

  void leave_out_lacking(size_t sensor) { leave_out(sensor, *lack_); }
  void leave_out(size_t sensor, std::string reason) {
    result_.left_out.push_back({sensor, std::move(reason)});
  }
  void append(const std::vector<size_t>& sensors) {
    result_.sensors.insert(result_.sensors.end(), sensors.begin(), sensors.end());
  }

  std::span<const SensorInfo> sensors_;
  std::span<const CounterReading> readings_;
  Boundary boundary_;
  std::vector<Gap> gaps_;
  Packages domains_;
  Packages memories_;
  std::map<int64_t, size_t> drivers_;  // by rank, chosen for the package's own domain
  bool has_memory_ = false;            // the total holds some
  std::optional<std::string> lack_;    // why there is no total
  ProcessorTotal result_;
};

}  // namespace

ProcessorTotal processor_total(std::span<const SensorInfo> sensors,
                               std::span<const CounterReading> readings, const SensorFaults& faults,
                               Boundary boundary, const std::vector<size_t>& open) {
  return Chooser(sensors, readings, faults, boundary).run(open);
}

}  // namespace edgetran::profile
