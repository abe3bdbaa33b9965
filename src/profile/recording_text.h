#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "profile/recording.h"

namespace edgetran::profile {

// The raw file of a measurement (docs/protocol.md, "Raw samples"): JSON lines in the order in which
// things happened, so that a session can send them as it goes. Doubles round-trip exactly.

std::string encode_header(const RecordingHeader& header);
/// The line that begins a segment: the machine and its sensors, without what comes later.
std::string encode_segment(const Segment& segment, size_t index);
/// A phase without work, and the loading of the model, by name: "idle_unloaded", "load",
/// "idle_loaded", "idle_after".
std::string encode_span(std::string_view phase, const TimeSpan& span);
/// "in_effect", "load" as seconds, "first" and "warm_up".
std::string encode_warm_up(const Segment& segment);
std::string encode_window(const Window& window);
std::string encode_observer(const ObserverWindow& window);
std::string encode_memory(const MemoryFigures& memory);
/// Samples of a trace from `first` on.
std::string encode_power(const PowerTrace& trace, size_t index, size_t first);
/// The line that ends a segment.
std::string encode_end(const Segment& segment);

/// All of it, segment by segment: decode_recording() gives the recording back.
std::string encode_recording(const Recording& recording);

/// The recording of a whole text. kCorrupt, with the line, where it is not what the format says.
base::Result<Recording> decode_recording(std::string_view text);

/// The part of a text that was cut anywhere up to the end of its last whole line.
std::string_view whole_lines(std::string_view text);

}  // namespace edgetran::profile
