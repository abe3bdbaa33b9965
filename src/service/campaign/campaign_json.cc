// A campaign's configuration in its log: written, read back, compared.
#include <fmt/format.h>

#include <map>
#include <tuple>

#include "base/settings.h"
#include "service/campaign/campaign_config.h"
#include "service/json_difference.h"

namespace edgetran::service {

using base::ErrorCategory;
using base::Json;
using base::Result;
using base::Status;

namespace {

constexpr std::string_view kFormat = "edgetran.campaign/1";

Json model_json(const CampaignModel& model) {
  return {{"model", model.id},
          {"spec", space::model_spec_json(model.spec)},
          {"parameters", model.parameters},
          {"flops", model.flops}};
}

Json boards_json(const CampaignConfig& config) {
  Json boards = Json::array();
  for (const auto& board : config.boards)
    boards.push_back({{"name", board.name},
                      {"card", device::card_json(board.card)},
                      {"sentinel_deployment", board.sentinel_deployment}});
  return boards;
}

Status changed(const std::string& folder, const std::string& what) {
  return base::fail(ErrorCategory::kUsage,
                    fmt::format("'{}' holds a campaign of other inputs: {}", folder, what),
                    "run it with the same inputs, or start another with another --out");
}

/// Items of a list by the name under `key`.
std::map<std::string, Json> by_name(const Json& list, const char* key) {
  std::map<std::string, Json> items;
  for (const auto& item : list) items[item.at(key).get<std::string>()] = item;
  return items;
}

/// Hashes are cut: enough to find the model in the file.
std::string shown(const std::string& name) {
  constexpr size_t kHash = 64;
  return name.size() == kHash ? shown_id(name) : name;
}

/// What differs between two lists, in a few words; empty where nothing does. Their order does not
/// matter: the plan follows names.
std::string list_difference(const Json& then, const Json& now, const char* key, const char* what) {
  const auto before = by_name(then, key);
  const auto after = by_name(now, key);
  const auto counts = fmt::format("{} {}s there, {} now", before.size(), what, after.size());
  for (const auto& [name, item] : after) {
    const auto known = before.find(name);
    if (known == before.end()) return fmt::format("{}; {} is new", counts, shown(name));
    const auto difference = first_difference(known->second, item, "");
    if (!difference.empty()) return fmt::format("the {} {}: {}", what, shown(name), difference);
  }
  for (const auto& [name, item] : before)
    if (!after.contains(name)) return fmt::format("{}; {} is missing", counts, shown(name));
  return {};
}

profile::BoardCampaign board_campaign(const Json& created, const Json& board) {
  profile::BoardCampaign plan;
  plan.board = board.at("name").get<std::string>();
  for (const auto& deployment : board.at("card").at("deployments"))
    plan.deployments.push_back(deployment.at("name").get<std::string>());
  for (const auto& model : created.at("models"))
    plan.models.push_back(model.at("model").get<std::string>());
  plan.sentinel_model = created.at("sentinel").at("model").get<std::string>();
  plan.sentinel_deployment = board.at("sentinel_deployment").get<std::string>();
  plan.seed = created.at("seed").get<uint64_t>();
  plan.sentinel_every = created.at("sentinel_every").get<int64_t>();
  plan.repeats = created.at("repeats").get<double>();
  return plan;
}

}  // namespace

Json campaign_json(const CampaignConfig& config) {
  Json models = Json::array();
  for (const auto& model : config.models) models.push_back(model_json(model));
  return {{"format", kFormat},
          {"profile", config.profile},
          {"mask", config.mask},
          {"seed", config.seed},
          {"sentinel_every", config.sentinel_every},
          {"repeats", config.repeats},
          {"sentinel", model_json(config.sentinel)},
          {"boards", boards_json(config)},
          {"models", std::move(models)}};
}

Result<LoggedCampaign> read_logged_campaign(const Json& created) {
  const auto format = created.is_object() ? created.value("format", std::string()) : std::string();
  if (format != kFormat)
    return base::fail(
        ErrorCategory::kUsage,
        fmt::format("the campaign has the format '{}', this program reads '{}'", format, kFormat),
        "use the version of the program that wrote it");
  LoggedCampaign logged;
  logged.created = created;
  try {
    for (const auto& board : created.at("boards"))
      logged.boards.push_back(board_campaign(created, board));
  } catch (const Json::exception& error) {
    return base::fail(ErrorCategory::kCorrupt,
                      fmt::format("the campaign's first event is damaged: {}", error.what()),
                      "restore events.jsonl from a copy");
  }
  return logged;
}

Status check_same_campaign(const Json& then, const Json& now, const std::string& folder) {
  EDGETRAN_TRY(read_logged_campaign(then));
  for (const char* key : {"profile", "mask", "seed", "sentinel_every", "repeats"}) {
    if (base::canonical_json(then.at(key)) == base::canonical_json(now.at(key))) continue;
    return changed(folder, fmt::format("{}: {} there, {} now", base::flag_name(key),
                                       then.at(key).dump(), now.at(key).dump()));
  }
  for (const auto& [list, name, what] :
       {std::tuple("models", "model", "model"), std::tuple("boards", "name", "board")}) {
    const auto difference = list_difference(then.at(list), now.at(list), name, what);
    if (!difference.empty()) return changed(folder, difference);
  }
  const auto sentinel = first_difference(then.at("sentinel"), now.at("sentinel"), "sentinel");
  if (!sentinel.empty()) return changed(folder, sentinel);
  return {};
}

}  // namespace edgetran::service
