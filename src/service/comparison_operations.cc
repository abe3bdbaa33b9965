// compare
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "base/random.h"
#include "device/board.h"
#include "profile/comparison.h"
#include "service/folder_or_spec.h"
#include "service/measuring_request.h"
#include "service/operations.h"
#include "service/study/hardware.h"

namespace edgetran::service {

namespace {

using base::ErrorCategory;
using base::Json;
using base::Result;

struct CompareRequest : MeasuringRequest {
  std::string model;
  std::string other;
  int64_t pairs = 8;
  double margin = profile::kSameMargin;
};

/// A figure that two records may share, and what has to be alike in both beside it.
struct Quantity {
  const char* name;
  const char* value;
  const char* boundary;  ///< empty: none
};

const std::array<Quantity, 2> kQuantities = {
    {{"latency", "/latency/median_s", ""}, {"energy", "/energy/net_j", "/energy/boundary"}}};

/// Logarithm of `other` over `model`; nothing where one has no such figure, or of another boundary,
/// NaN where the two have no ratio: a net energy within its noise may be zero or below.
std::optional<double> log_ratio(const Quantity& quantity, const Json& model, const Json& other) {
  const auto of = [](const Json& record, const std::string& path) {
    const Json::json_pointer pointer(path);
    return record.contains(pointer) ? record.at(pointer) : Json();
  };
  const Json first = of(model, quantity.value), second = of(other, quantity.value);
  if (!first.is_number() || !second.is_number()) return std::nullopt;
  if (of(model, quantity.boundary) != of(other, quantity.boundary) && *quantity.boundary != '\0') {
    return std::nullopt;
  }
  const double numerator = second.get<double>(), denominator = first.get<double>();
  if (!(numerator > 0) || !(denominator > 0)) return std::numeric_limits<double>::quiet_NaN();
  return std::log(numerator / denominator);
}

/// Each measurement draws its own seed of inputs (and of a simulated board's noise): turns with one
/// seed would repeat its accidents as if they were the encoders'.
constexpr uint64_t kSeeds = uint64_t{1} << 32;

/// Both records of each pair that counts.
struct Pairs {
  std::vector<std::array<Json, 2>> records;
  std::vector<std::string> dropped;  ///< "pair 3: MODEL is INVALID (HOST_BUSY)"
};

std::string flags_text(const Json& record) {
  std::string text;
  for (const Json& flag : record.value("flags", Json::array())) {
    text += (text.empty() ? "" : ", ") + flag.get<std::string>();
  }
  return text.empty() ? "" : " (" + text + ")";
}

/// Measures both by turns, in each pair the one first that the seed draws.
Result<Pairs> measure_pairs(Context& context, const CompareRequest& request, Hardware& hardware,
                            const StudyDevice& device) {
  const std::array<std::string, 2> names = {request.model, request.other};
  std::vector<FolderOrSpec> models;
  std::vector<std::string> files;
  for (const std::string& name : names) {
    EDGETRAN_ASSIGN(auto model, read_folder_or_spec(name, request.mask, request.seed));
    models.push_back(std::move(model));
    EDGETRAN_ASSIGN(auto file,
                    hardware.export_model(device, models.back().deployable(), context.cancel));
    files.push_back(std::move(file));
  }
  Pairs pairs;
  base::RandomStream draw(static_cast<uint64_t>(request.seed), "compare");
  for (int64_t pair = 1; pair <= request.pairs; ++pair) {
    std::array<Json, 2> records;
    const size_t first = draw.below(2);
    for (const size_t which : {first, 1 - first}) {
      EDGETRAN_ASSIGN(auto measured,
                      hardware.measure(device, models[which].deployable(), files[which],
                                       request.profile, draw.below(kSeeds), context));
      records[which] = std::move(measured.record);
    }
    std::string invalid;
    for (const size_t which : {0, 1}) {
      if (records[which].value("verdict", std::string()) == "INVALID" && invalid.empty()) {
        invalid =
            fmt::format("pair {}: {} is INVALID{}", pair, names[which], flags_text(records[which]));
      }
    }
    if (invalid.empty()) {
      pairs.records.push_back(std::move(records));
    } else {
      context.events.emit({"message", {{"text", invalid + "; the pair does not count"}}});
      pairs.dropped.push_back(std::move(invalid));
    }
  }
  return pairs;
}

Json row_of(const Quantity& quantity, const Pairs& pairs, const profile::PairedComparison& found) {
  const bool known = found.interval.has_value();
  return {{"quantity", quantity.name},
          {"boundary", *quantity.boundary == '\0'
                           ? Json()
                           : pairs.records.front()[0].at(Json::json_pointer(quantity.boundary))},
          {"verdict", profile::comparison_name(found.verdict)},
          {"ratio", found.pairs > 0 ? Json(found.ratio) : Json()},
          {"ratio_low", known ? Json(found.interval->low) : Json()},
          {"ratio_high", known ? Json(found.interval->high) : Json()},
          {"pairs", found.pairs},
          {"margin", found.margin}};
}

std::string text_of(const CompareRequest& request, const std::string& device, const Reply& reply,
                    const Pairs& pairs) {
  std::string text =
      fmt::format("{} against {} on {} ({}, {}, {} pairs)\n", request.other, request.model, device,
                  reply.data["kind"].get<std::string>(), request.profile, request.pairs);
  for (const Json& row : reply.data["quantities"]) {
    text += fmt::format("{:<8}  {}", row["quantity"].get<std::string>(),
                        row["verdict"].get<std::string>());
    if (row["boundary"].is_string())
      text += fmt::format(" ({})", row["boundary"].get<std::string>());
    if (row["ratio"].is_number()) {
      text += fmt::format(": {:.4g} times", row["ratio"].get<double>());
    } else {
      text += ": zero within its noise, so there is no ratio";
    }
    if (row["ratio_low"].is_number()) {
      text += fmt::format(", 95 % interval {:.4g} to {:.4g}", row["ratio_low"].get<double>(),
                          row["ratio_high"].get<double>());
    }
    text += fmt::format(" (n = {}; SAME is within {:.3g} %)\n", row["pairs"].get<size_t>(),
                        100 * request.margin);
  }
  for (const std::string& dropped : pairs.dropped) text += "dropped   " + dropped + "\n";
  return text;
}

Result<Reply> compare(Context& context, const CompareRequest& request) {
  EDGETRAN_ASSIGN(auto opened, open_device(context, request));
  const device::BoardInfo& board = opened.board;
  if (board.kind == device::BoardKind::kReplay) {
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("the board \"{}\" replays one record a model: turns would add "
                                  "nothing",
                                  board.name),
                      "compare on a board that measures; edgetran measure shows a replay board's "
                      "records");
  }
  const StudyDevice& device = opened.device;
  EDGETRAN_ASSIGN(const Pairs pairs, measure_pairs(context, request, opened.hardware, device));
  Reply reply;
  reply.data = {{"model", request.model},
                {"other", request.other},
                {"kind", board.kind == device::BoardKind::kSimulated ? "modelled" : "measured"},
                {"device", board.name},
                {"deployment", device.name},
                {"profile", request.profile},
                {"seed", request.seed},
                {"dropped", pairs.dropped},
                {"quantities", Json::array()}};
  for (const Quantity& quantity : kQuantities) {
    std::vector<double> log_ratios;
    for (const auto& [model, other] : pairs.records) {
      if (const auto value = log_ratio(quantity, model, other)) log_ratios.push_back(*value);
    }
    if (log_ratios.empty()) continue;
    // Leaving out the pairs without a ratio would leave out the small figures: nothing can be said.
    if (std::ranges::any_of(log_ratios, [](double value) { return std::isnan(value); })) {
      log_ratios.clear();
    }
    EDGETRAN_ASSIGN(const auto found, profile::compare_paired(log_ratios, request.margin));
    reply.data["quantities"].push_back(row_of(quantity, pairs, found));
  }
  reply.text = text_of(request, fmt::format("{}, {}", board.name, device.name), reply, pairs);
  if (pairs.records.size() < 2) reply.outcome = ErrorCategory::kDevice;
  return reply;
}

}  // namespace

std::vector<Operation> comparison_operations() {
  base::Settings<CompareRequest> settings;
  settings.string("model", &CompareRequest::model, "Model folder, or a spec file")
      .string("other", &CompareRequest::other, "The one that is told to be faster or slower")
      .include(measuring_settings())
      .integer("pairs", &CompareRequest::pairs, 2, 1000, "", "Measurements of each, by turns")
      .number("margin", &CompareRequest::margin, 1e-6, 1, "",
              "Share within which two figures are the SAME");
  return {operation("compare", "Compare two encoders on a device by turns", settings,
                    {"model", "other"}, {}, compare)};
}

}  // namespace edgetran::service
