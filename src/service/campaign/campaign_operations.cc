// profile run | status
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/units.h"
#include "service/campaign/campaign_config.h"
#include "service/campaign/campaign_estimate.h"
#include "service/campaign/campaign_runner.h"
#include "service/campaign/campaign_store.h"
#include "service/campaign/campaign_tables.h"
#include "service/operations.h"

namespace edgetran::service {

namespace {

using base::ErrorCategory;
using base::Json;
using base::Result;

// -- the plan -------------------------------------------------------------------------------------

/// Raw samples, record and event of a measurement by `quick`: a plan's disk space.
constexpr double kBytesAStep = 60e3;

Json board_plan(const CampaignConfig& config, const CampaignBoard& board,
                const profile::BoardCampaign& campaign, const profile::Profile& profile) {
  std::map<std::string, const CampaignModel*> models;
  for (const auto& model : config.models) models[model.id] = &model;
  models[config.sentinel.id] = &config.sentinel;
  Json counts = {{"candidate", 0}, {"repeat", 0}, {"sentinel", 0}};
  Json order = Json::array();
  double seconds = 0;
  for (const auto& step : profile::plan_board(campaign)) {
    const std::string kind(profile::step_name(step.kind));
    counts[kind] = counts[kind].get<int64_t>() + 1;
    order.push_back({{"kind", kind}, {"model", step.model}, {"deployment", step.deployment}});
    for (const auto& deployment : board.card.deployments)
      if (deployment.name == step.deployment)
        seconds +=
            estimated_step_s(*models.at(step.model), deployment, board.card.board.kind, profile);
  }
  const auto steps = order.size();
  return {{"board", board.name},
          {"deployments", campaign.deployments},
          {"sentinel", config.sentinel.id},
          {"sentinel_deployment", board.sentinel_deployment},
          {"steps", steps},
          {"candidates", counts["candidate"]},
          {"repeats", counts["repeat"]},
          {"sentinels", counts["sentinel"]},
          {"estimated_s", seconds},
          {"estimated_disk_bytes", static_cast<double>(steps) * kBytesAStep},
          {"order", std::move(order)}};
}

Result<Reply> plan_reply(const CampaignConfig& config) {
  EDGETRAN_ASSIGN(const auto logged, read_logged_campaign(campaign_json(config)));
  EDGETRAN_ASSIGN(const auto profile, profile::find_profile(config.profile));
  Reply reply;
  reply.data = {{"models", config.models.size()},
                {"profile", config.profile},
                {"seed", config.seed},
                {"boards", Json::array()}};
  double longest_s = 0;
  for (size_t i = 0; i < config.boards.size(); ++i) {
    auto plan = board_plan(config, config.boards[i], logged.boards[i], profile);
    longest_s = std::max(longest_s, plan["estimated_s"].get<double>());
    reply.text += fmt::format(
        "board        {} ({})\n"
        "  steps      {}: {} pairs, {} repeats, {} of the sentinel {} on {}\n"
        "  time       about {} (estimated from counted FLOPs), disk {}\n",
        plan["board"].get<std::string>(), fmt::join(logged.boards[i].deployments, ", "),
        plan["steps"].dump(), plan["candidates"].dump(), plan["repeats"].dump(),
        plan["sentinels"].dump(), config.sentinel.id.substr(0, 12),
        config.boards[i].sentinel_deployment,
        base::format_seconds(plan["estimated_s"].get<double>()),
        base::format_bytes(plan["estimated_disk_bytes"].get<double>()));
    reply.data["boards"].push_back(std::move(plan));
  }
  // Boards work side by side.
  reply.data["estimated_s"] = longest_s;
  reply.text = fmt::format("campaign     {} encoders, profile {}, seed {}\n", config.models.size(),
                           config.profile, config.seed) +
               reply.text;
  return reply;
}

// -- run ------------------------------------------------------------------------------------------

Result<Reply> run(Context& context, const CampaignRequest& request) {
  EDGETRAN_ASSIGN(const auto config, read_campaign(context, request));
  if (request.dry_run) return plan_reply(config);
  if (request.out.empty())
    return base::fail(ErrorCategory::kUsage, "'profile run' needs --out",
                      "it is the campaign's folder; the same command continues it");
  EDGETRAN_ASSIGN(const auto store,
                  CampaignStore::open(request.out, context.clock, campaign_json(config)));
  if (!store->recovered().empty()) context.events.emit({"message", {{"text", store->recovered()}}});
  CampaignRunner runner(context, config, *store, campaign_command(request));
  EDGETRAN_TRY(runner.run());
  const auto state = store->state();
  EDGETRAN_ASSIGN(Reply reply, campaign_reply(state, {.show = "summary", .sort = {}}));
  reply.data["folder"] = request.out;
  reply.data["measurements"] = (std::filesystem::path(request.out) / "measurements.jsonl").string();
  reply.text += fmt::format("\nmeasurements: {}\nmore: edgetran profile status {}\n",
                            reply.data["measurements"].get<std::string>(), request.out);
  return reply;
}

// -- status ---------------------------------------------------------------------------------------

struct StatusRequest : CampaignShown {
  std::string campaign;
};

Result<Reply> status(Context&, const StatusRequest& request) {
  EDGETRAN_ASSIGN(const auto state, read_campaign_folder(request.campaign));
  return campaign_reply(state, request);
}

}  // namespace

std::vector<Operation> campaign_operations() {
  base::Settings<StatusRequest> status_settings;
  status_settings.string("campaign", &StatusRequest::campaign, "Campaign folder")
      .choice("show", &StatusRequest::show, shown_parts(),
              "What to show; measurements, as a table, comes with everything else")
      .string("sort", &StatusRequest::sort, "Column to sort the rows by; -column: descending")
      .integer("rows", &StatusRequest::rows, 0, 1'000'000, "",
               "Measurements that the text lists; 0: all");
  return {operation("profile run", "Measure many encoders on boards, in a random order",
                    campaign_settings(), {}, {"device"}, run),
          operation("profile status", "How far a campaign is and what it found", status_settings,
                    {"campaign"}, {}, status)};
}

}  // namespace edgetran::service
