#include "profile/recording_text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace edgetran::profile {
namespace {

/// A segment with something in every part.
Segment full_segment() {
  Segment segment;
  segment.unix_time_s = 1.7e9;
  segment.host = {{"processor", "test"}};
  segment.notes = {"a note"};
  segment.flags = {"HOST_BUSY"};
  PowerTrace counter;
  counter.info.driver = "powercap-rapl";
  counter.info.channel = "package-0";
  counter.info.kind = SensorKind::kCounter;
  counter.info.boundary = Boundary::kPackage;
  counter.info.joules_per_tick = 1e-6;
  counter.info.range_ticks = UINT64_MAX;
  counter.info.rating_w = 95.5;
  counter.update_s = 0.001;
  counter.samples = {{0.1, 0.2, {UINT64_MAX - 1, 0}, true}, {0.3, 0.4, {7, 0}, false}};
  PowerTrace gauge;
  gauge.info.driver = "nvml";
  gauge.info.channel = "0";
  gauge.info.gain_error = 0.05;
  gauge.samples = {{0.1, 0.2, {0, 35.7}, true}, {0.3, 0.4, {0, NAN}, true}};
  segment.traces = {counter, gauge};
  segment.totals = {{Boundary::kPackage, {0}}};
  segment.pairs = {{0, 1}};
  segment.idle_unloaded = TimeSpan{0, 1};
  segment.load = TimeSpan{1, 1.5};
  segment.load_s = 0.1 + 0.2;
  segment.first_s = 1e-300;
  segment.in_effect = {{"threads", 2}};
  segment.warm_up = std::vector<double>(5000, 1.0 / 3);
  Window window;
  window.span = {2, 3};
  window.seconds = std::vector<double>(9000, 0.1);
  window.before.temperature_c = 45.25;
  window.major_faults = 2;
  segment.windows = {window};
  segment.observer = {{true, {0.1}}, {false, {0.2, 0.3}}};
  segment.memory = MemoryFigures{.peak_rss_bytes = 10,
                                 .proportional_bytes = {},
                                 .before_bytes = 3,
                                 .activation_bytes = {},
                                 .accelerator_bytes = {},
                                 .own_pass = true};
  segment.lost_samples = 4;
  return segment;
}

std::string text_of(const RecordingHeader& header, const Segment& segment) {
  std::string text = encode_header(header) + encode_segment(segment, 0);
  text += encode_span("idle_unloaded", *segment.idle_unloaded) + encode_span("load", *segment.load);
  text += encode_warm_up(segment);
  for (size_t i = 0; i < segment.traces.size(); ++i) text += encode_power(segment.traces[i], i, 0);
  for (const Window& window : segment.windows) text += encode_window(window);
  for (const ObserverWindow& window : segment.observer) text += encode_observer(window);
  return text + encode_memory(*segment.memory) + encode_end(segment);
}

RecordingHeader full_header() {
  RecordingHeader header;
  header.program = "test";
  header.model = std::string(64, 'a');
  header.environment = {{"supply", "5 V"}};
  header.profile = *find_profile("standard");
  header.seed = 9;
  header.cost = ModelCost{100, 200};
  return header;
}

TEST(RecordingText, RoundTripsBitForBit) {
  const std::string text = text_of(full_header(), full_segment());
  const auto recording = decode_recording(text);
  ASSERT_TRUE(recording) << recording.error().message;
  ASSERT_EQ(recording->segments.size(), 1U);
  EXPECT_EQ(text_of(recording->header, recording->segments[0]), text);
  const Segment& segment = recording->segments[0];
  EXPECT_EQ(segment.traces[0].samples[0].value.ticks, UINT64_MAX - 1);
  EXPECT_EQ(segment.traces[0].info.range_ticks, UINT64_MAX);
  EXPECT_FALSE(segment.traces[0].samples[1].valid);
  EXPECT_TRUE(std::isnan(segment.traces[1].samples[1].value.watts));
  EXPECT_EQ(segment.load_s, 0.1 + 0.2);
  EXPECT_EQ(segment.windows[0].seconds.size(), 9000U);
  EXPECT_TRUE(segment.ended);
  EXPECT_EQ(recording->header.profile.cool_down_max_s, 300);
}

TEST(RecordingText, AWholeRecordingRoundTripsBitForBit) {
  Recording recording{.header = full_header(), .segments = {full_segment(), full_segment()}};
  recording.segments[1].clock_s = 0.1 + 0.2;
  recording.segments[1].windows.clear();  // broke off before its first window
  recording.segments[1].memory.reset();
  for (Segment& segment : recording.segments) segment.ended = true;
  const std::string text = encode_recording(recording);
  const auto decoded = decode_recording(text);
  ASSERT_TRUE(decoded) << decoded.error().message;
  ASSERT_EQ(decoded->segments.size(), 2U);
  EXPECT_EQ(encode_recording(*decoded), text);
  EXPECT_EQ(decoded->segments[0].windows[0].seconds, recording.segments[0].windows[0].seconds);
  EXPECT_EQ(decoded->segments[1].clock_s, 0.1 + 0.2);
  EXPECT_EQ(decoded->segments[1].traces[0].samples[0].value.ticks, UINT64_MAX - 1);
  EXPECT_TRUE(decoded->segments[1].windows.empty());
}

TEST(RecordingText, LinesAreShort) {
  const std::string text = text_of(full_header(), full_segment());
  size_t longest = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    longest = std::max(longest, end - begin);
    begin = end + 1;
  }
  EXPECT_LT(longest, 200'000U);  // well inside a frame of the protocol
}

TEST(RecordingText, AnyPrefixOfWholeLinesCanBeRead) {
  const std::string text = text_of(full_header(), full_segment());
  for (size_t cut = 1; cut < text.size(); cut += 1009) {
    const auto kept = whole_lines(std::string_view(text).substr(0, cut));
    EXPECT_TRUE(kept.empty() || kept.back() == '\n');
    const auto recording = decode_recording(kept);
    if (kept.empty()) {
      EXPECT_FALSE(recording);
    } else {
      EXPECT_TRUE(recording) << recording.error().message;
    }
  }
}

TEST(RecordingText, DamagedTextIsRefusedWithItsLine) {
  const std::string head = encode_header(full_header());
  const std::string segment = encode_segment(full_segment(), 0);
  const auto refused = [](const std::string& text, const std::string& said) {
    const auto recording = decode_recording(text);
    ASSERT_FALSE(recording) << text.substr(0, 200);
    EXPECT_EQ(recording.error().category, base::ErrorCategory::kCorrupt);
    EXPECT_NE(recording.error().message.find(said), std::string::npos) << recording.error().message;
  };
  refused("", "empty");
  refused("{}\n", "line 1");
  refused(head.substr(0, head.size() - 1), "cut");
  refused(head + "{\"phase\":\"first\",\"seconds\":1}\n", "line 2: a segment");
  refused(head + segment + "[]\n", "line 3: an object");
  refused(head + segment + "{\"phase\":\"nap\"}\n", "nap");
  refused(head + segment + "{\"more\":[1]}\n", "nothing goes on");
  refused(head + segment + "{\"phase\":\"warm_up\",\"seconds\":[-1]}\n", "below 0");
  refused(head + segment + "{\"phase\":\"warm_up\",\"seconds\":[\"1\"]}\n", "line 3");
  refused(head + segment + "{\"phase\":\"load\",\"start_s\":2,\"end_s\":1}\n", "ends before");
  refused(head + segment + "{\"power\":2,\"before_s\":[],\"after_s\":[],\"watts\":[]}\n",
          "no such sensor");
  refused(head + encode_segment(full_segment(), 1), "segment is missing");
  refused(head + segment + encode_end(full_segment()) + encode_end(full_segment()),
          "after the end");
}

}  // namespace
}  // namespace edgetran::profile
