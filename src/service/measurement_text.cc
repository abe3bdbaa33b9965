#include "service/measurement_text.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace edgetran::service {

namespace {

using base::Json;

/// "1.234 ms": three or four digits and the unit's prefix.
std::string with_unit(const Json& value, const char* unit) {
  if (!value.is_number()) return "unknown";
  const double number = value.get<double>();
  constexpr std::array<const char*, 4> kPrefixes = {"", "m", "u", "n"};
  constexpr double kStep = 1e3;
  double scaled = number;
  size_t prefix = 0;
  while (scaled != 0 && std::abs(scaled) < 1 && prefix + 1 < kPrefixes.size()) {
    scaled *= kStep;
    ++prefix;
  }
  return fmt::format("{:.4g} {}{}", scaled, kPrefixes[prefix], unit);
}

Json member(const Json& json, const char* group, const char* key) {
  const auto found = json.find(group);
  if (found == json.end() || !found->is_object()) return nullptr;
  return found->value(key, Json());
}

std::string latency_text(const Json& record) {
  const auto value = [&](const char* key) { return member(record, "latency", key); };
  std::string text = fmt::format("latency   {}, 95 % interval {} to {} (n = {})\n",
                                 with_unit(value("median_s"), "s"), with_unit(value("low_s"), "s"),
                                 with_unit(value("high_s"), "s"), base::dump_json(value("n")));
  text += fmt::format("          load {}, first {}", with_unit(value("load_s"), "s"),
                      with_unit(value("first_s"), "s"));
  for (const auto& [key, name] : {std::pair{"p90_s", "p90"}, std::pair{"p99_s", "p99"}}) {
    if (value(key).is_number()) text += fmt::format(", {} {}", name, with_unit(value(key), "s"));
  }
  return text + "\n";
}

/// What the interval of an energy is made of.
std::string uncertainty_text(const Json& energy) {
  const Json parts = energy.value("uncertainty", Json());
  if (!parts.is_object()) return "";  // of a table
  const auto part = [&](const char* key) { return with_unit(parts.value(key, Json()), "J"); };
  std::string text = fmt::format("          +- {} between windows, {} at their edges",
                                 part("statistics_j"), part("edges_j"));
  text += energy.value("gain_known", false)
              ? fmt::format(", {} by the sensor's gain", part("gain_j"))
              : ", the sensor's gain is not known";
  if (parts.value("baseline_j", Json()).is_number()) {
    text += fmt::format(", {} by idle power", part("baseline_j"));
  }
  return text + "\n";
}

std::string energy_text(const Json& record) {
  if (!record.value("energy", Json()).is_object()) {
    return fmt::format("energy    none: {}\n", record.value("reason", std::string("not known")));
  }
  const auto value = [&](const char* key) { return member(record, "energy", key); };
  const Json net = value("net_j");
  std::string text = "energy    ";
  if (net.is_number()) {
    text += fmt::format("{} net ({} to {}), {} gross", with_unit(net, "J"),
                        with_unit(value("low_j"), "J"), with_unit(value("high_j"), "J"),
                        with_unit(value("gross_j"), "J"));
  } else {
    text += fmt::format("{} gross ({} to {}), net unknown", with_unit(value("gross_j"), "J"),
                        with_unit(value("low_j"), "J"), with_unit(value("high_j"), "J"));
  }
  text += fmt::format(" an inference, {}\n",
                      record["energy"].value("boundary", std::string("boundary unknown")));
  text += uncertainty_text(record["energy"]);
  text +=
      fmt::format("power     {} mean, {} idle", with_unit(member(record, "power", "mean_w"), "W"),
                  with_unit(member(record, "power", "idle_w"), "W"));
  for (const Json& peak : member(record, "power", "peak_w")) {
    text += fmt::format(", {} peak over {}", with_unit(peak["value_w"], "W"),
                        with_unit(peak["bandwidth_s"], "s"));
  }
  return text + "\n";
}

std::string mebibytes(const Json& bytes) {
  constexpr double kMebi = 1024.0 * 1024.0;
  return bytes.is_number() ? fmt::format("{:.4g} MiB", bytes.get<double>() / kMebi) : "unknown";
}

}  // namespace

std::string measurement_text(const std::string& model, const std::string& device,
                             const Json& record) {
  std::string text =
      fmt::format("{} on {} ({}, {})\n", model, device, record.value("kind", std::string()),
                  record.value("profile", std::string()));
  text += latency_text(record) + energy_text(record);
  text += fmt::format("memory    {} peak resident, model file {}\n",
                      mebibytes(member(record, "memory", "peak_rss_bytes")),
                      mebibytes(member(record, "memory", "model_bytes")));
  text += "verdict   " + record.value("verdict", std::string("unknown"));
  for (const Json& flag : record.value("flags", Json::array())) {
    text += " " + flag.get<std::string>();
  }
  return text + "\n";
}

}  // namespace edgetran::service
