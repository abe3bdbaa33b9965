#include "profile/meters.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "profile/power_domains.h"
#include "profile/power_plan.h"
#include "profile/recording_text.h"

namespace edgetran::profile {

namespace {

/// Kept around a segment: what lies between values at its edges is told by the values beside them.
constexpr double kMargin_s = 5;
constexpr double kMarginUpdates = 4;

/// When the last thing of a segment ended.
double end_of(const Segment& segment) {
  double end_s = 0;
  for (const auto& span :
       {segment.idle_unloaded, segment.load, segment.idle_loaded, segment.idle_after}) {
    if (span) end_s = std::max(end_s, span->end_s);
  }
  for (const Window& window : segment.windows) end_s = std::max(end_s, window.span.end_s);
  return end_s;
}

PowerTrace part_of(const PowerTrace& meter, const Segment& segment) {
  PowerTrace part{.info = meter.info, .update_s = meter.update_s, .samples = {}};
  const double margin_s = std::max(kMargin_s, kMarginUpdates * meter.update_s);
  const double end_s = end_of(segment) + margin_s;
  for (PowerSample sample : meter.samples) {
    sample.before_s -= segment.clock_s;
    sample.after_s -= segment.clock_s;
    if (sample.time_s() >= -margin_s && sample.time_s() <= end_s) part.samples.push_back(sample);
  }
  return part;
}

/// Of a meter that said nothing while the board measured: when it spoke.
base::Json silent_note(const PowerTrace& meter, const Segment& segment) {
  std::string message = "it has no value";
  if (!meter.samples.empty()) {
    const double early_s = segment.clock_s - meter.samples.back().time_s();
    const double late_s = meter.samples.front().time_s() - segment.clock_s - end_of(segment);
    message = early_s > 0 ? fmt::format("its values end {:.1f} s before the measurement", early_s)
                          : fmt::format("its values begin {:.1f} s after the measurement", late_s);
  }
  return {{"sensor", sensor_name(meter.info)},
          {"message", message},
          {"fix", "is its log being written, and is its clock this machine's (offset_s)?"}};
}

}  // namespace

base::Result<std::string> with_meters(std::string_view raw, const std::vector<PowerTrace>& meters) {
  EDGETRAN_ASSIGN(Recording recording, decode_recording(raw));
  std::vector<SensorInfo> infos;
  infos.reserve(meters.size());
  for (const PowerTrace& meter : meters) infos.push_back(meter.info);
  const auto totals = power_domains(infos, {}).totals;
  for (Segment& segment : recording.segments) {
    if (segment.clock_s == 0) {
      return base::fail(base::ErrorCategory::kUsage,
                        "the agent does not tell its clock, by which a meter's values are placed",
                        "install this version's edgetran-agent on the board");
    }
    const size_t own = segment.traces.size();
    for (const PowerTrace& meter : meters) {
      segment.traces.push_back(part_of(meter, segment));
      if (segment.traces.back().samples.empty()) {
        segment.sensor_notes.push_back(silent_note(meter, segment));
      }
    }
    for (PowerTotal total : totals) {
      for (size_t& sensor : total.sensors) sensor += own;
      std::erase_if(segment.totals, [&](const PowerTotal& of_board) {
        return of_board.boundary == total.boundary;
      });
      segment.totals.push_back(std::move(total));
    }
  }
  return encode_recording(recording);
}

}  // namespace edgetran::profile
