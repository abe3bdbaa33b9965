#include "service/campaign/campaign_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/config.h"
#include "base/files.h"
#include "base/random.h"
#include "base/text.h"
#include "encoder/encoder.h"
#include "graph/cost.h"
#include "space/design_space.h"
#include "space/sampling.h"

namespace edgetran::service {

using base::ErrorCategory;
using base::Result;

namespace {

/// The spec of one line; `place` is "file:line" for messages.
Result<space::ModelSpec> read_line(std::string_view line, const std::string& place) {
  EDGETRAN_ASSIGN(const auto value, base::ConfigValue::parse_json(line, place));
  if (value.kind() == base::ConfigValue::Kind::kMap) {
    EDGETRAN_ASSIGN(auto map, base::ConfigMap::of(value));
    if (const auto inner = map.find("spec")) return space::read_model_spec(*inner);
  }
  return space::read_model_spec(value);
}

base::Status add_model(std::vector<CampaignModel>& models, std::map<std::string, size_t>& known,
                       CampaignModel model) {
  const auto [it, added] = known.emplace(model.id, models.size());
  if (!added)
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("{}: the same encoder as {} (order of heads aside)", model.source,
                                  models[it->second].source),
                      "name each encoder once; --repeats measures some of them twice");
  models.push_back(std::move(model));
  return {};
}

}  // namespace

Result<CampaignModel> describe_model(const space::ModelSpec& spec, std::string source) {
  const auto graph = encoder::build_encoder(spec, {});
  if (!graph) return base::fail(graph.error().within(source));
  const auto counted =
      graph::count_graph(*graph, {.batch = 1, .length = std::min(kCountedLength, spec.positions)});
  return CampaignModel{.id = space::canonical_hash(spec),
                       .spec = spec,
                       .source = std::move(source),
                       .parameters = counted.total.parameters,
                       .flops = counted.total.flops,
                       .bytes_moved = counted.total.bytes_moved};
}

Result<std::vector<CampaignModel>> read_models_file(const std::filesystem::path& path) {
  EDGETRAN_ASSIGN(const std::string text, base::read_file(path));
  std::vector<CampaignModel> models;
  std::map<std::string, size_t> known;
  int64_t number = 0;
  for (const auto line : base::split(text, '\n')) {
    ++number;
    if (base::trim(line).empty()) continue;
    const auto place = fmt::format("{}:{}", path.string(), number);
    EDGETRAN_ASSIGN(const auto spec, read_line(line, place));
    EDGETRAN_ASSIGN(auto model, describe_model(spec, place));
    EDGETRAN_TRY(add_model(models, known, std::move(model)));
  }
  if (models.empty())
    return base::fail(ErrorCategory::kUsage, fmt::format("'{}' names no model", path.string()),
                      "write a spec a line, such as 'edgetran space sample --format jsonl' prints");
  return models;
}

Result<std::vector<CampaignModel>> sample_models(const std::filesystem::path& space, int64_t count,
                                                 uint64_t seed) {
  EDGETRAN_ASSIGN(const auto design, space::read_design_space_file(space));
  auto sampler = space::uniform_sampler(design, base::RandomStream(seed, "space.sample"));
  const auto specs = space::sample_distinct(*sampler, count);
  if (static_cast<int64_t>(specs.size()) < count)
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("'{}' gave {} different encoders, {} were asked for",
                                  space.string(), specs.size(), count),
                      fmt::format("use --count {}, or a larger space", specs.size()));
  std::vector<CampaignModel> models;
  for (const auto& spec : specs) {
    EDGETRAN_ASSIGN(auto model, describe_model(spec, space.string()));
    models.push_back(std::move(model));
  }
  return models;
}

std::string shown_id(const std::string& model) {
  constexpr size_t kShownDigits = 12;
  return model.substr(0, kShownDigits);
}

const CampaignModel& median_model(const std::vector<CampaignModel>& models) {
  EDGETRAN_CHECK(!models.empty(), "a campaign has models");
  std::vector<const CampaignModel*> order;
  order.reserve(models.size());
  for (const auto& model : models) order.push_back(&model);
  std::ranges::sort(order, {},
                    [](const CampaignModel* model) { return std::tie(model->flops, model->id); });
  return *order[(order.size() - 1) / 2];
}

}  // namespace edgetran::service
