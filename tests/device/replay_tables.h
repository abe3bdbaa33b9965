#pragma once

#include <string>

#include "base/json.h"
#include "device/card.h"
#include "space/model_spec.h"

namespace edgetran::device {

/// A spec in the published dictionary: `heads` of one layer of width 128, one feed-forward size.
inline base::Json published_spec(const base::Json& heads, int64_t feed_forward = 512) {
  return {{"l", 1},
          {"o", base::Json::array({heads})},
          {"h", {128}},
          {"f", base::Json::array({base::Json::array({feed_forward})})}};
}

inline space::ModelSpec spec_of(const base::Json& json) {
  return std::move(*space::read_model_spec(base::ConfigValue::from_json(json, "spec")));
}

inline base::Json published_row(const base::Json& spec, double latency_s, double energy_j,
                                double peak_w) {
  return {{"model_dict", spec},
          {"model_type", "shallow_narrow"},
          {"embedding", "[1, 2, 3]"},
          {"performance", {{"latency", latency_s}, {"energy", energy_j}, {"peak_power", peak_w}}}};
}

/// Two models: 0.5 s and 1 J, 2 s and 5 J a sequence.
inline base::Json published_table() {
  return {{"aa", published_row(published_spec({"sa_sdp_64", "c_5_64"}), 0.5, 1.0, 3.5)},
          {"bb", published_row(published_spec({"l_dft_64", "l_dct_64"}, 1024), 2.0, 5.0, 4.5)}};
}

/// A line of a table of ours.
inline base::Json measurement_row(const base::Json& spec, double median_s,
                                  const std::string& device = "board",
                                  const std::string& verdict = "VALID") {
  const base::Json own = space::model_spec_json(spec_of(spec));
  return {
      {"spec", own},
      {"record",
       {{"format", "edgetran.measurement/2"},
        {"kind", "measured"},
        {"profile", "quick"},
        {"device", device},
        {"deployment", "cpu-1t"},
        {"latency",
         {{"median_s", median_s}, {"low_s", median_s * 0.98}, {"high_s", median_s * 1.03}}},
        {"energy", {{"gross_j", median_s * 4}, {"net_j", median_s * 2}, {"boundary", "package"}}},
        {"power", {{"mean_w", 4.0}}},
        {"flags", base::Json::array()},
        {"verdict", verdict},
        {"raw", {{"path", nullptr}, {"sha256", "00"}, {"bytes", 7}}},
        {"provenance",
         {{"runtime", "openvino"},
          {"precision", "fp32"},
          {"threads", 1},
          {"batch", 1},
          {"length", 64}}}}}};
}

inline std::string measurements_table(const std::vector<base::Json>& rows) {
  std::string text = "{\"format\":\"edgetran.measurements/1\"}\n";
  for (const base::Json& row : rows) text += base::dump_json(row) + "\n";
  return text;
}

inline Deployment replay_deployment(int64_t batch = 1, int64_t length = 128) {
  Deployment deployment;
  deployment.name = "one";
  deployment.runtime = "openvino";
  deployment.precision = "fp32";
  deployment.threads = 1;
  deployment.batch = batch;
  deployment.length = length;
  return deployment;
}

}  // namespace edgetran::device
