#include "device/simulated_law.h"

#include <gtest/gtest.h>

namespace edgetran::device {
namespace {

constexpr const char* kLaw = R"(
peak_flop_per_s: 1.0e9
bandwidth_bytes_per_s: 1.0e8
launch_overhead_s: 1.0e-5
call_overhead_s: 1.0e-4
thread_efficiency: 0.5
load_bytes_per_s: 1.0e6
load_overhead_s: 0.5
noise_share: 0.02
seed: 3
precisions: [{precision: fp32, compute: 1.0, bytes: 1.0}, {precision: fp16, compute: 2.0, bytes: 0.5}]
efficiency: {matrix: 0.5, attention: 0.4}
cache_steps: [{bytes: 1000, bandwidth_bytes_per_s: 8.0e8}, {bytes: 5000, bandwidth_bytes_per_s: 4.0e8}]
noise: {correlation: 0.3, spike_share: 0.01, spike_factor: 2.0}
power: {idle_w: 1.0, loaded_w: 0.5, core_w: 1.0, compute_w: 2.0, memory_w: 0.5, clock_exponent: 2.0}
thermal: {ambient_c: 25, resistance_c_per_w: 5, time_constant_s: 60, limit_c: 80, resume_c: 75, clock_share: 0.5}
sensor: {kind: gauge, boundary: module, update_s: 0.1, averaging_s: 0.1, resolution: 0.01}
)";

base::Result<SimulatedBoardLaw> read(const std::string& text) {
  EDGETRAN_ASSIGN(const auto value, base::ConfigValue::parse_yaml(text, "law.yaml"));
  return read_simulated_board_law(value);
}

std::string replaced(const std::string& from, const std::string& to) {
  std::string text = kLaw;
  const size_t place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  return text.replace(place, from.size(), to);
}

TEST(SimulatedBoardLaw, IsReadWholeAndWrittenBack) {
  const auto law = read(kLaw);
  ASSERT_TRUE(law) << law.error().message;
  EXPECT_DOUBLE_EQ(law->efficiency[static_cast<size_t>(OperatorClass::kAttention)], 0.4);
  EXPECT_DOUBLE_EQ(law->efficiency[static_cast<size_t>(OperatorClass::kPointwise)], 1);
  EXPECT_EQ(law->cache_steps.size(), 2U);
  EXPECT_DOUBLE_EQ(law->power->memory_w, 0.5);
  EXPECT_DOUBLE_EQ(law->thermal->resume_c, 75);
  EXPECT_EQ(law->sensor->boundary, profile::Boundary::kModule);
  const base::Json json = simulated_board_law_json(*law);
  const auto again = read_simulated_board_law(base::ConfigValue::from_json(json, "law"));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(simulated_board_law_json(*again), json);
}

TEST(SimulatedBoardLaw, MistakesAreShownAtTheirPlace) {
  const std::vector<std::pair<std::string, std::string>> mistakes = {
      {"matrix: 0.5", "matrix: 1.5"},
      {"matrix: 0.5", "matmul: 0.5"},
      {"matrix: 0.5", "move: 0.5"},
      {"bytes: 5000", "bytes: 1000"},
      {"bandwidth_bytes_per_s: 4.0e8", "bandwidth_bytes_per_s: 9.0e8"},
      {"bandwidth_bytes_per_s: 4.0e8", "bandwidth_bytes_per_s: 1.0e7"},
      {"correlation: 0.3", "correlation: 1.0"},
      {"precision: fp16", "precision: fp32"},
      {"precision: fp16", "precision: int8"},
      {"idle_w: 1.0", "idle_w: -1.0"},
      {"core_w: 1.0, ", ""},
      {"resume_c: 75", "resume_c: 80"},
      {"clock_share: 0.5", "clock_share: 0"},
      {"kind: gauge", "kind: thermometer"},
      {"boundary: module", "boundary: socket"},
  };
  for (const auto& [from, to] : mistakes) {
    const auto law = read(replaced(from, to));
    ASSERT_FALSE(law) << to;
    EXPECT_EQ(law.error().category, base::ErrorCategory::kUsage) << to;
    EXPECT_NE(law.error().message.find("law.yaml:"), std::string::npos) << law.error().message;
    EXPECT_NE(law.error().message.find('^'), std::string::npos) << law.error().message;
  }
}

TEST(SimulatedBoardLaw, HeatAndSensorsNeedPower) {
  const std::string power =
      "power: {idle_w: 1.0, loaded_w: 0.5, core_w: 1.0, compute_w: 2.0, memory_w: 0.5, "
      "clock_exponent: 2.0}\n";
  const auto law = read(replaced(power, ""));
  ASSERT_FALSE(law);
  EXPECT_NE(law.error().hint.find("power"), std::string::npos);
}

}  // namespace
}  // namespace edgetran::device
