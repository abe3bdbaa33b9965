#include <algorithm>
#include <span>

#include "profile/recording_lines.h"
#include "profile/recording_text.h"
#include "profile/sensor_json.h"

namespace edgetran::profile {

namespace {

using base::Json;

/// Numbers of a line at most: lines stay well below a frame of the protocol.
constexpr size_t kNumbersPerLine = 4096;

std::string line(const Json& json) { return base::dump_json(json) + "\n"; }

/// `head` with the first numbers as its "seconds", then lines {"more": [...]} with the rest.
std::string with_seconds(Json head, std::span<const double> seconds) {
  std::string text;
  size_t done = std::min(seconds.size(), kNumbersPerLine);
  head["seconds"] = std::vector<double>(seconds.begin(), seconds.begin() + static_cast<long>(done));
  text += line(head);
  while (done < seconds.size()) {
    const auto part = seconds.subspan(done, std::min(kNumbersPerLine, seconds.size() - done));
    text += line({{"more", std::vector<double>(part.begin(), part.end())}});
    done += part.size();
  }
  return text;
}

Json span_json(const TimeSpan& span) { return {{"start_s", span.start_s}, {"end_s", span.end_s}}; }

Json optional_json(const std::optional<uint64_t>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json settings_json(const RunSettings& settings) {
  return {{"precision", settings.precision},
          {"accelerator", settings.accelerator},
          {"threads", settings.threads},
          {"batch", settings.batch},
          {"length", settings.length}};
}

}  // namespace

std::string encode_header(const RecordingHeader& header) {
  return line({{"format", kRecordingFormat},
               {"unit", "s"},
               {"program", header.program},
               {"version", header.version},
               {"commit", header.commit},
               {"runtime", header.runtime},
               {"runtime_version", header.runtime_version},
               {"modelled", header.modelled},
               {"model", header.model},
               {"model_bytes", header.model_bytes},
               {"device", header.device},
               {"deployment", header.deployment},
               {"environment", header.environment},
               {"settings", settings_json(header.settings)},
               {"law", header.law},
               {"profile", profile_settings().write(header.profile)},
               {"vocabulary", header.vocabulary},
               {"seed", header.seed},
               {"cost", header.cost ? Json{{"flops", header.cost->flops},
                                           {"bytes_moved", header.cost->bytes_moved}}
                                    : Json(nullptr)}});
}

std::string encode_segment(const Segment& segment, size_t index) {
  Json sensors = Json::array(), totals = Json::array(), pairs = Json::array();
  for (const PowerTrace& trace : segment.traces) sensors.push_back(sensor_json(trace));
  for (const PowerTotal& total : segment.totals) {
    totals.push_back({{"boundary", boundary_name(total.boundary)}, {"sensors", total.sensors}});
  }
  for (const SensorPair& pair : segment.pairs) {
    pairs.push_back({{"counter", pair.counter}, {"gauge", pair.gauge}});
  }
  return line({{"segment", index},
               {"unix_time_s", segment.unix_time_s},
               {"clock_s", segment.clock_s},
               {"host", segment.host},
               {"notes", segment.notes},
               {"flags", segment.flags},
               {"sensors", sensors},
               {"totals", totals},
               {"pairs", pairs},
               {"sensor_notes", segment.sensor_notes}});
}

std::string encode_span(std::string_view phase, const TimeSpan& span) {
  Json json = {{"phase", phase}};
  json.update(span_json(span));
  return line(json);
}

std::string encode_warm_up(const Segment& segment) {
  return line(
             {{"phase", "loaded"}, {"seconds", segment.load_s}, {"in_effect", segment.in_effect}}) +
         line({{"phase", "first"}, {"seconds", segment.first_s}}) +
         with_seconds({{"phase", "warm_up"}}, segment.warm_up);
}

std::string encode_window(const Window& window) {
  Json head = {{"phase", "window"}};
  head.update(span_json(window.span));
  head["before"] = thermal_json(window.before);
  head["after"] = thermal_json(window.after);
  head["major_faults"] = window.major_faults;
  return with_seconds(std::move(head), window.seconds);
}

std::string encode_observer(const ObserverWindow& window) {
  return with_seconds({{"phase", "observer"}, {"sampling", window.sampling}}, window.seconds);
}

std::string encode_memory(const MemoryFigures& memory) {
  return line({{"phase", "memory"},
               {"peak_rss_bytes", optional_json(memory.peak_rss_bytes)},
               {"proportional_bytes", optional_json(memory.proportional_bytes)},
               {"before_bytes", optional_json(memory.before_bytes)},
               {"activation_bytes", optional_json(memory.activation_bytes)},
               {"accelerator_bytes", optional_json(memory.accelerator_bytes)},
               {"own_pass", memory.own_pass}});
}

std::string encode_power(const PowerTrace& trace, size_t index, size_t first) {
  const bool counter = trace.info.kind == SensorKind::kCounter;
  std::string text;
  while (first < trace.samples.size()) {
    const size_t end = std::min(trace.samples.size(), first + kNumbersPerLine / 4);
    std::vector<double> before, after, watts;
    std::vector<uint64_t> ticks;
    std::vector<size_t> failed;
    for (size_t i = first; i < end; ++i) {
      const PowerSample& sample = trace.samples[i];
      before.push_back(sample.before_s);
      after.push_back(sample.after_s);
      ticks.push_back(sample.value.ticks);
      watts.push_back(sample.value.watts);
      if (!sample.valid) failed.push_back(i - first);
    }
    Json json = {{"power", index}, {"before_s", before}, {"after_s", after}};
    if (counter) {
      json["ticks"] = ticks;
    } else {
      json["watts"] = watts;  // not a number becomes null
    }
    json["failed"] = failed;
    text += line(json);
    first = end;
  }
  return text;
}

std::string encode_end(const Segment& segment) {
  return line({{"phase", "end"},
               {"lease_lost", segment.lease_lost},
               {"lost_samples", segment.lost_samples}});
}

std::string encode_recording(const Recording& recording) {
  std::string text = encode_header(recording.header);
  for (size_t i = 0; i < recording.segments.size(); ++i) {
    const Segment& segment = recording.segments[i];
    text += encode_segment(segment, i);
    for (size_t k = 0; k < segment.traces.size(); ++k)
      text += encode_power(segment.traces[k], k, 0);
    const auto phase = [&](const char* name, const std::optional<TimeSpan>& span) {
      if (span) text += encode_span(name, *span);
    };
    phase("idle_unloaded", segment.idle_unloaded);
    phase("load", segment.load);
    phase("idle_loaded", segment.idle_loaded);
    if (!segment.warm_up.empty()) text += encode_warm_up(segment);
    for (const Window& window : segment.windows) text += encode_window(window);
    phase("idle_after", segment.idle_after);
    for (const ObserverWindow& window : segment.observer) text += encode_observer(window);
    if (segment.memory) text += encode_memory(*segment.memory);
    if (segment.ended) text += encode_end(segment);
  }
  return text;
}

std::string_view whole_lines(std::string_view text) {
  const size_t end = text.rfind('\n');
  return end == std::string_view::npos ? std::string_view() : text.substr(0, end + 1);
}

}  // namespace edgetran::profile
