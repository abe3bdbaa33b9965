#include "profile/simulated_law.h"

#include <gtest/gtest.h>

namespace edgetran::profile {
namespace {

using base::Json;

base::Result<SimulatedLaw> read(const Json& json) {
  return read_simulated_law(base::ConfigValue::from_json(json, "law"));
}

Json small() {
  return {{"mean_s", 0.01}, {"noise_share", 0.1}, {"load_s", 1}, {"memory_bytes", 5}, {"seed", 3}};
}

Json whole() {
  Json json = small();
  json["noise_correlation"] = 0.5;
  json["spike_share"] = 0.01;
  json["spike_factor"] = 3;
  json["power"] = {{"idle_w", 1}, {"loaded_w", 2}, {"load_w", 3}, {"run_w", 5}, {"throttled_w", 4}};
  json["thermal"] = {{"ambient_c", 20},    {"resistance_c_per_w", 10}, {"time_constant_s", 30},
                     {"limit_c", 60},      {"resume_c", 55},           {"clock_share", 0.5},
                     {"throttled_s", 0.02}};
  json["sensor"] = {{"kind", "counter"},
                    {"boundary", "package"},
                    {"update_s", 0.001},
                    {"resolution", 1e-5},
                    {"range_ticks", 1000000}};
  return json;
}

TEST(SimulatedLaw, IsReadAndWrittenBack) {
  for (const Json& json : {small(), whole()}) {
    const auto law = read(json);
    ASSERT_TRUE(law) << law.error().message;
    const auto again = read(simulated_law_json(*law));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(*again, *law);
  }
}

TEST(SimulatedLaw, OfNoPowerIsWrittenAsItAlwaysWas) {
  EXPECT_EQ(base::dump_json(simulated_law_json(*read(small()))),
            R"({"mean_s":0.01,"noise_share":0.1,"load_s":1.0,"memory_bytes":5,"seed":3})");
}

struct Wrong {
  const char* pointer;
  Json value;
  const char* word;  ///< in the message or hint
};

class WrongLaw : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongLaw, IsAUsageErrorThatNamesWhatIsWrong) {
  Json json = whole();
  const Json::json_pointer pointer(GetParam().pointer);
  if (GetParam().value.is_null()) {
    json.at(pointer.parent_pointer()).erase(pointer.back());
  } else {
    json[pointer] = GetParam().value;
  }
  const auto law = read(json);
  ASSERT_FALSE(law);
  EXPECT_EQ(law.error().category, base::ErrorCategory::kUsage);
  const std::string all = law.error().message + " " + law.error().hint;
  EXPECT_NE(all.find(GetParam().word), std::string::npos) << all;
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongLaw,
    ::testing::Values(
        Wrong{"/mean_s", 0, "0"}, Wrong{"/mean_s", -1, "-1"}, Wrong{"/mean_s", "1", "mean_s"},
        Wrong{"/noise_share", 2, "2"}, Wrong{"/noise_correlation", 1, "1"},
        Wrong{"/spike_factor", 0.5, "0.5"}, Wrong{"/spikes", 1, "spikes"}, Wrong{"/seed", -1, "-1"},
        Wrong{"/power/run_w", -1, "-1"}, Wrong{"/power/run", 1, "run"},
        Wrong{"/power/idle_w", nullptr, "idle_w"}, Wrong{"/power", nullptr, "power"},
        Wrong{"/thermal/resume_c", 60, "limit"}, Wrong{"/thermal/time_constant_s", 0, "0"},
        Wrong{"/thermal/clock_share", 0, "0"},
        Wrong{"/thermal/resistance_c_per_w", 900, "resistance"}, Wrong{"/mean_s", 5000, "thermal"},
        Wrong{"/sensor/kind", "meter", "gauge"}, Wrong{"/sensor/boundary", "socket", "socket"},
        Wrong{"/sensor/boundary", "rail", "rail"}, Wrong{"/sensor/update_s", 0, "0"},
        Wrong{"/sensor/resolution", 0, "ticks"}, Wrong{"/sensor/averaging_s", 1, "averag"}));

}  // namespace
}  // namespace edgetran::profile
