#include "profile/power_domains.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <tuple>

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

std::string name_of(const SensorInfo& info) {
  return fmt::format("{} of {}", info.channel, info.driver);
}

class Accountant {
 public:
  Accountant(std::span<const SensorInfo> sensors, std::span<const CounterReading> readings)
      : sensors_(sensors), readings_(readings), reasons_(sensors.size()) {}

  PowerDomains run() {
    leave_parts_out();
    leave_rails_out();
    leave_repeats_out();
    add_processor(Boundary::kPsys);
    add_processor(Boundary::kPackage);
    for (const Boundary boundary :
         {Boundary::kWall, Boundary::kBoardInput, Boundary::kModule, Boundary::kSocRails,
          Boundary::kAccelerator, Boundary::kEstimate}) {
      add_total(boundary, boundary == Boundary::kAccelerator ? open(boundary)
                                                             : of_one_driver(open(boundary)));
    }
    return collect();
  }

 private:
  void leave_out(size_t sensor, std::string reason) {
    if (reasons_[sensor].empty()) reasons_[sensor] = std::move(reason);
  }

  /// The sensors of a boundary that nothing spoke against so far.
  std::vector<size_t> open(Boundary boundary) const {
    std::vector<size_t> list;
    for (size_t i = 0; i < sensors_.size(); ++i) {
      if (sensors_[i].boundary == boundary && reasons_[i].empty()) list.push_back(i);
    }
    return list;
  }

  void leave_parts_out() {
    for (size_t i = 0; i < sensors_.size(); ++i) {
      if (sensors_[i].within.empty()) continue;
      const bool counted = std::any_of(sensors_.begin(), sensors_.end(), [&](const auto& other) {
        return other.driver == sensors_[i].driver && other.channel == sensors_[i].within;
      });
      leave_out(i, fmt::format("is inside {}, {}", sensors_[i].within,
                               counted ? "which counts its energy"
                                       : "which is not there; a part is no total"));
    }
  }

  void leave_rails_out() {
    for (const size_t i : open(Boundary::kRail)) {
      leave_out(i, "is one rail, not the total of anything");
    }
  }

  /// A chip may show one thing as energy to one driver and as power to another, under one channel.
  /// The counter is kept, as it misses nothing between two readings. (Within one driver the gauge
  /// says that it is `within` the counter.)
  void leave_repeats_out() {
    for (size_t i = 0; i < sensors_.size(); ++i) {
      for (size_t j = 0; j < sensors_.size(); ++j) {
        const SensorInfo& counter = sensors_[i];
        const SensorInfo& gauge = sensors_[j];
        if (counter.kind != SensorKind::kCounter || gauge.kind != SensorKind::kGauge) continue;
        const bool same = counter.channel == gauge.channel && counter.boundary == gauge.boundary;
        if (same && reasons_[i].empty()) {
          leave_out(j, fmt::format("is seen as energy by {}", name_of(counter)));
        }
      }
    }
  }

  /// Meters of a board, by the first driver that has one: its several meters are several inputs,
  /// another driver's see the same joules once more.
  std::vector<size_t> of_one_driver(std::vector<size_t> list) {
    std::vector<size_t> kept;
    for (const size_t i : list) {
      if (sensors_[i].driver == sensors_[list.front()].driver) {
        kept.push_back(i);
      } else {
        leave_out(i, fmt::format("measures the same as {}", name_of(sensors_[list.front()])));
      }
    }
    return kept;
  }

  void add_processor(Boundary boundary) {
    std::map<int64_t, std::vector<size_t>> domains;
    std::map<int64_t, std::vector<size_t>> memories;
    std::vector<size_t> elsewhere;
    for (const size_t i : open(boundary)) {
      const Place place = place_of(sensors_[i]);
      if (place.package < 0) {
        elsewhere.push_back(i);
      } else {
        (place.is_memory ? memories : domains)[place.package].push_back(i);
      }
    }
    std::vector<size_t> total;
    for (const auto& [package, list] : domains) append(total, of_one_source(list));
    for (const auto& [package, list] : memories) {
      if (domains.contains(package)) {
        append(total, of_one_source(list));
        continue;
      }
      for (const size_t i : list) {
        leave_out(i,
                  "is memory beside a package whose own counter is not there; alone it is not "
                  "the package's energy");
      }
    }
    // A meter of the package that is not the processor's own, such as an APU's: a makeshift.
    if (total.empty()) {
      total = of_one_driver(elsewhere);
    } else {
      for (const size_t i : elsewhere) {
        leave_out(i, fmt::format("measures the same as {}", name_of(sensors_[total.front()])));
      }
    }
    add_total(boundary, total);
  }

  /// Of all sources of one domain of one package the best; its dies, mirrors once. A source that
  /// counts the whole package cannot miss a die and goes before one with more dies than the others.
  std::vector<size_t> of_one_source(const std::vector<size_t>& list) {
    std::map<Source, std::vector<size_t>> sources;
    for (const size_t i : list) sources[source_of(sensors_[i])].push_back(i);
    const std::vector<size_t>* best = nullptr;
    std::tuple<bool, size_t> most;
    for (auto& [source, members] : sources) {
      members = without_mirrors(members);
      const bool whole = std::any_of(members.begin(), members.end(),
                                     [this](size_t i) { return place_of(sensors_[i]).die < 0; });
      const std::tuple<bool, size_t> reach{whole, members.size()};
      if (best != nullptr && reach <= most) continue;
      best = &members;
      most = reach;
    }
    for (const auto& [source, members] : sources) {
      if (&members == best) continue;
      for (const size_t i : members) {
        leave_out(i, fmt::format("is the same energy as {}", name_of(sensors_[best->front()])));
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
                                 name_of(sensors_[*twin])));
      }
    }
    return kept;
  }

  static void append(std::vector<size_t>& to, const std::vector<size_t>& from) {
    to.insert(to.end(), from.begin(), from.end());
  }

  void add_total(Boundary boundary, std::vector<size_t> sensors) {
    if (sensors.empty()) return;
    std::sort(sensors.begin(), sensors.end());
    result_.totals.push_back({boundary, std::move(sensors)});
  }

  PowerDomains collect() {
    std::sort(result_.totals.begin(), result_.totals.end(),
              [](const auto& a, const auto& b) { return a.boundary < b.boundary; });
    for (size_t i = 0; i < reasons_.size(); ++i) {
      if (!reasons_[i].empty()) result_.left_out.push_back({i, std::move(reasons_[i])});
    }
    return std::move(result_);
  }

  std::span<const SensorInfo> sensors_;
  std::span<const CounterReading> readings_;
  std::vector<std::string> reasons_;  // empty: nothing speaks against the sensor
  PowerDomains result_;
};

}  // namespace

PowerDomains power_domains(std::span<const SensorInfo> sensors,
                           std::span<const CounterReading> readings) {
  return Accountant(sensors, readings).run();
}

}  // namespace edgetran::profile
