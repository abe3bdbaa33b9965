#include <fmt/core.h>

#include <cmath>
#include <limits>

#include "base/config.h"
#include "profile/recording_lines.h"
#include "profile/recording_text.h"
#include "profile/sensor_json.h"

namespace edgetran::profile {

namespace {

using base::Json;

/// A line that is JSON but not what the format says; nlohmann's own exceptions for wrong types and
/// missing keys are caught beside it.
struct BadLine {
  std::string message;
};

void require(bool good, const char* message) {
  if (!good) throw BadLine{message};
}

double number(const Json& json) {
  const auto value = json.get<double>();
  require(json.is_number() && std::isfinite(value), "a time is not a number");
  return value;
}

std::vector<double> seconds_of(const Json& list) {
  require(list.is_array(), "\"seconds\" must be a list");
  std::vector<double> seconds;
  seconds.reserve(list.size());
  for (const Json& item : list) {
    seconds.push_back(number(item));
    require(seconds.back() >= 0, "a time is below 0");
  }
  return seconds;
}

template <class T>
std::optional<T> optional_of(const Json& json, const char* key) {
  const Json& value = json.at(key);
  if (value.is_null()) return std::nullopt;
  return value.get<T>();
}

TimeSpan span_of(const Json& json) {
  const TimeSpan span{number(json.at("start_s")), number(json.at("end_s"))};
  require(span.end_s >= span.start_s, "a phase ends before it begins");
  return span;
}

RecordingHeader header_of(const Json& json) {
  const Json format = json.is_object() ? json.value("format", Json()) : Json();
  if (format != kRecordingFormat) {
    throw BadLine{
        fmt::format("its format is {}, not \"{}\": the file is not one of raw samples "
                    "('measure --raw', or beside its --out)",
                    base::dump_json(format), kRecordingFormat)};
  }
  RecordingHeader header;
  header.program = json.at("program").get<std::string>();
  header.version = json.at("version").get<std::string>();
  header.commit = json.at("commit").get<std::string>();
  header.runtime = json.at("runtime").get<std::string>();
  header.runtime_version = json.at("runtime_version").get<std::string>();
  header.modelled = json.at("modelled").get<bool>();
  header.model = json.at("model").get<std::string>();
  header.model_bytes = json.at("model_bytes").get<uint64_t>();
  header.device = json.at("device").get<std::string>();
  header.deployment = json.at("deployment").get<std::string>();
  header.environment = json.at("environment");
  const Json& settings = json.at("settings");
  header.settings.precision = settings.at("precision").get<std::string>();
  header.settings.accelerator = settings.at("accelerator").get<std::string>();
  header.settings.threads = settings.at("threads").get<int64_t>();
  header.settings.batch = settings.at("batch").get<int64_t>();
  header.settings.length = settings.at("length").get<int64_t>();
  header.law = json.at("law");
  header.vocabulary = json.at("vocabulary").get<int64_t>();
  header.seed = json.at("seed").get<uint64_t>();
  if (!json.at("cost").is_null()) {
    header.cost = ModelCost{json.at("cost").at("flops").get<int64_t>(),
                            json.at("cost").at("bytes_moved").get<int64_t>()};
  }
  auto map = base::ConfigMap::of(base::ConfigValue::from_json(json.at("profile"), "profile"));
  require(map.has_value(), "the profile is no object");
  const auto status = profile_settings().read(*map, header.profile);
  if (!status) throw BadLine{status.error().message};
  return header;
}

PowerTrace sensor_of(const Json& json) {
  PowerTrace trace;
  const auto status = read_sensor_json(base::ConfigValue::from_json(json, "sensor"), trace);
  if (!status) throw BadLine{status.error().message};
  return trace;
}

size_t index_of(const Json& json, size_t size) {
  const auto index = json.get<uint64_t>();
  require(json.is_number_integer() && index < size, "there is no such sensor");
  return index;
}

Segment segment_of(const Json& json) {
  Segment segment;
  segment.unix_time_s = number(json.at("unix_time_s"));
  segment.clock_s = number(json.value("clock_s", Json(0)));  // older agents do not tell
  segment.host = json.at("host");
  segment.notes = json.at("notes").get<std::vector<std::string>>();
  segment.flags = json.at("flags").get<std::vector<std::string>>();
  for (const Json& sensor : json.at("sensors")) segment.traces.push_back(sensor_of(sensor));
  for (const Json& total : json.at("totals")) {
    const auto boundary = boundary_from_name(total.at("boundary").get<std::string>());
    require(boundary.has_value(), "a total has an unknown boundary");
    PowerTotal& added = segment.totals.emplace_back(PowerTotal{*boundary, {}});
    for (const Json& sensor : total.at("sensors")) {
      added.sensors.push_back(index_of(sensor, segment.traces.size()));
    }
  }
  for (const Json& pair : json.at("pairs")) {
    segment.pairs.push_back({index_of(pair.at("counter"), segment.traces.size()),
                             index_of(pair.at("gauge"), segment.traces.size())});
  }
  segment.sensor_notes = json.at("sensor_notes");
  return segment;
}

/// Reads the lines of one recording, one after the other.
class Decoder {
 public:
  Recording recording;

  /// To be called after the last line. A file that was cut has whole windows all the same.
  void finish() const {
    require(has_header_, "the file is empty");
    for (const Segment& segment : recording.segments) {
      for (const Window& window : segment.windows) {
        require(!window.seconds.empty(), "a window holds no run");
      }
      for (const ObserverWindow& window : segment.observer) {
        require(!window.seconds.empty(), "a window of the observer holds no run");
      }
    }
  }

  void take(const Json& json) {
    require(json.is_object(), "an object was expected");
    if (!has_header_) {
      recording.header = header_of(json);
      has_header_ = true;
    } else if (json.contains("segment")) {
      require(json.at("segment") == recording.segments.size(), "a segment is missing");
      recording.segments.push_back(segment_of(json));
      open_ = nullptr;
    } else {
      require(!recording.segments.empty(), "a segment was expected");
      take_part(json, recording.segments.back());
    }
  }

 private:
  void take_part(const Json& json, Segment& segment) {
    require(!segment.ended, "there is a line after the end");
    if (json.contains("power")) return take_power(json, segment);
    if (json.contains("more")) {
      require(open_ != nullptr, "nothing goes on here");
      const auto more = seconds_of(json.at("more"));
      open_->insert(open_->end(), more.begin(), more.end());
      return;
    }
    open_ = nullptr;
    take_phase(json, json.at("phase").get<std::string>(), segment);
  }

  void take_phase(const Json& json, const std::string& phase, Segment& segment) {
    if (phase == "idle_unloaded") {
      segment.idle_unloaded = span_of(json);
    } else if (phase == "load") {
      segment.load = span_of(json);
    } else if (phase == "idle_loaded") {
      segment.idle_loaded = span_of(json);
    } else if (phase == "idle_after") {
      segment.idle_after = span_of(json);
    } else if (phase == "loaded") {
      segment.load_s = number(json.at("seconds"));
      segment.in_effect = json.at("in_effect");
    } else if (phase == "first") {
      segment.first_s = number(json.at("seconds"));
    } else if (phase == "warm_up") {
      open(segment.warm_up, json);
    } else if (phase == "window") {
      take_window(json, segment.windows.emplace_back());
    } else if (phase == "observer") {
      ObserverWindow& window = segment.observer.emplace_back();
      window.sampling = json.at("sampling").get<bool>();
      open(window.seconds, json);
    } else if (phase == "memory") {
      segment.memory = memory_of(json);
    } else if (phase == "end") {
      segment.lease_lost = json.at("lease_lost").get<bool>();
      segment.lost_samples = json.at("lost_samples").get<int64_t>();
      segment.ended = true;
    } else {
      throw BadLine{"unknown phase \"" + phase + "\""};
    }
  }

  void open(std::vector<double>& seconds, const Json& json) {
    seconds = seconds_of(json.at("seconds"));
    open_ = &seconds;
  }

  void take_window(const Json& json, Window& window) {
    window.span = span_of(json);
    window.before = thermal_from_json(json.at("before"));
    window.after = thermal_from_json(json.at("after"));
    window.major_faults = json.at("major_faults").get<int64_t>();
    open(window.seconds, json);
  }

  static MemoryFigures memory_of(const Json& json) {
    return {.peak_rss_bytes = optional_of<uint64_t>(json, "peak_rss_bytes"),
            .proportional_bytes = optional_of<uint64_t>(json, "proportional_bytes"),
            .before_bytes = optional_of<uint64_t>(json, "before_bytes"),
            .activation_bytes = optional_of<uint64_t>(json, "activation_bytes"),
            .accelerator_bytes = optional_of<uint64_t>(json, "accelerator_bytes"),
            .own_pass = json.at("own_pass").get<bool>()};
  }

  static void take_power(const Json& json, Segment& segment) {
    PowerTrace& trace = segment.traces[index_of(json.at("power"), segment.traces.size())];
    const bool counter = trace.info.kind == SensorKind::kCounter;
    const Json& before = json.at("before_s");
    const Json& after = json.at("after_s");
    const Json& values = json.at(counter ? "ticks" : "watts");
    require(before.size() == after.size() && before.size() == values.size(),
            "lists of different lengths");
    const size_t first = trace.samples.size();
    for (size_t i = 0; i < before.size(); ++i) {
      PowerSample& sample = trace.samples.emplace_back();
      sample.before_s = number(before[i]);
      sample.after_s = number(after[i]);
      if (counter) {
        sample.value.ticks = values[i].get<uint64_t>();
      } else {
        sample.value.watts =
            values[i].is_null() ? std::numeric_limits<double>::quiet_NaN() : number(values[i]);
      }
    }
    for (const Json& failed : json.at("failed")) {
      trace.samples[first + index_of(failed, before.size())].valid = false;
    }
  }

  bool has_header_ = false;
  std::vector<double>* open_ = nullptr;  ///< the list that a line "more" goes on with
};

}  // namespace

base::Result<Recording> decode_recording(std::string_view text) {
  Decoder decoder;
  int number = 0;
  const auto corrupt = [&number](const std::string& message) {
    return base::fail(base::ErrorCategory::kCorrupt,
                      fmt::format("raw samples, line {}: {}", number, message));
  };
  while (!text.empty()) {
    ++number;
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return corrupt("the line is cut");
    const auto json = base::parse_json(text.substr(0, end), "raw samples");
    if (!json) return corrupt(json.error().message);
    text.remove_prefix(end + 1);
    try {
      decoder.take(*json);
    } catch (const BadLine& bad) {
      return corrupt(bad.message);
    } catch (const base::Json::exception& error) {
      return corrupt(error.what());
    }
  }
  try {
    decoder.finish();
  } catch (const BadLine& bad) {
    return corrupt(bad.message);
  }
  return std::move(decoder.recording);
}

}  // namespace edgetran::profile
