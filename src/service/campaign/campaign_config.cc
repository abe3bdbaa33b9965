#include "service/campaign/campaign_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/config.h"
#include "profile/measure_request.h"
#include "profile/profiles.h"
#include "weights/model_folder.h"

namespace edgetran::service {

using base::ErrorCategory;
using base::Json;
using base::Result;
using base::Status;

namespace {

constexpr int64_t kMostModels = 1'000'000;

/// As a POSIX shell reads it back.
std::string shell_word(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

Result<std::vector<CampaignModel>> read_models(const CampaignRequest& request) {
  if (request.models.empty() == request.space.empty())
    return base::fail(ErrorCategory::kUsage,
                      request.models.empty() ? "a campaign needs models"
                                             : "--models and --space both name models",
                      "give --models FILE, or --space FILE with --count N");
  if (!request.models.empty()) {
    if (request.count != 0)
      return base::fail(ErrorCategory::kUsage, "--count goes with --space, not with --models");
    return read_models_file(request.models);
  }
  if (request.count == 0)
    return base::fail(ErrorCategory::kUsage, "--space needs --count",
                      "it says how many encoders are drawn");
  return sample_models(request.space, request.count, static_cast<uint64_t>(request.seed));
}

Result<CampaignModel> read_sentinel(const CampaignRequest& request,
                                    const std::vector<CampaignModel>& models) {
  if (request.sentinel.empty()) return median_model(models);
  EDGETRAN_ASSIGN(const auto info, weights::read_model_info(request.sentinel));
  return describe_model(info.spec, request.sentinel);
}

/// Leaves the deployments that were named (all, if none were).
Status restrict_deployments(std::vector<device::Card>& cards,
                            const std::vector<std::string>& names) {
  if (names.empty()) return {};
  std::vector<std::string> known;
  for (const auto& card : cards)
    for (const auto& deployment : card.deployments) known.push_back(deployment.name);
  for (const auto& name : names) {
    if (std::ranges::find(known, name) != known.end()) continue;
    const auto nearest = base::nearest_name(name, known);
    return base::fail(
        ErrorCategory::kNotFound,
        fmt::format("no deployment '{}'; there are: {}", name, fmt::join(known, ", ")),
        nearest ? fmt::format("did you mean '{}'?", *nearest) : "");
  }
  for (auto& card : cards)
    std::erase_if(card.deployments, [&](const device::Deployment& deployment) {
      return std::ranges::find(names, deployment.name) == names.end();
    });
  std::erase_if(cards, [](const device::Card& card) { return card.deployments.empty(); });
  return {};
}

/// One agent measures a board at a time, so a board stands in one card, and so does this machine.
Status check_boards(const std::vector<device::Card>& cards) {
  std::set<std::string> names;
  const device::Card* local = nullptr;
  for (const auto& card : cards) {
    if (!names.insert(card.board.name).second)
      return base::fail(ErrorCategory::kUsage,
                        fmt::format("two cards describe the board '{}'", card.board.name),
                        "put its deployments on one card, or give --device once");
    if (card.board.kind != device::BoardKind::kLocal) continue;
    if (local != nullptr)
      return base::fail(ErrorCategory::kUsage,
                        fmt::format("the boards '{}' and '{}' are both this machine",
                                    local->board.name, card.board.name),
                        "put their deployments on one card: a machine is measured by one agent");
    local = &card;
  }
  return {};
}

/// The deployment that uses the most cores notices a neighbour on any of them.
const device::Deployment& widest(const device::Card& card) {
  return *std::ranges::max_element(card.deployments, {}, &device::Deployment::threads);
}

Status check_lengths(const CampaignConfig& config) {
  const auto check = [&](const CampaignModel& model, const device::Deployment& deployment) {
    if (deployment.length <= model.spec.positions) return Status();
    return Status(base::fail(
        ErrorCategory::kUsage,
        fmt::format("{}: the encoder has {} positions, but the deployment '{}' runs {} tokens",
                    model.source, model.spec.positions, deployment.name, deployment.length),
        "give --length a smaller number, or leave the encoder out"));
  };
  for (const auto& board : config.boards) {
    for (const auto& deployment : board.card.deployments) {
      for (const auto& model : config.models) EDGETRAN_TRY(check(model, deployment));
      EDGETRAN_TRY(check(config.sentinel, deployment));
    }
  }
  return {};
}

}  // namespace

const base::Settings<CampaignRequest>& campaign_settings() {
  using Request = CampaignRequest;
  static const auto kSettings = [] {
    base::Settings<Request> settings;
    settings
        .string("models", &Request::models,
                "JSONL of encoders, a spec or a published dictionary a line")
        .string("space", &Request::space, "Space file to draw --count encoders from, instead")
        .integer("count", &Request::count, 0, kMostModels, "", "Encoders to draw from --space")
        .strings("device", &Request::device, "Card file, or this-machine; may be given repeatedly")
        .strings("deployment", &Request::deployment,
                 "Only this deployment of the cards; may be given repeatedly")
        .integer("batch", &Request::batch, 0, profile::kMaxBatch, "",
                 "Batch; 0: the deployments' own")
        .integer("length", &Request::length, 0, space::kMaxPositions, "tokens",
                 "Length; 0: the deployments' own")
        .string("profile", &Request::profile, "Measuring profile")
        .boolean("mask", &Request::mask, "Measure with the input attention_mask")
        .integer("seed", &Request::seed, 0, INT64_MAX, "",
                 "Seed of the draw, the order, the weights and the inputs")
        .integer("sentinel_every", &Request::sentinel_every, 1, 1000, "",
                 "Measurements between two of the sentinel")
        .string("sentinel", &Request::sentinel,
                "Spec file of the sentinel; empty: the encoder with the median FLOPs")
        .number("repeats", &Request::repeats, 0, 1, "", "Share of the pairs measured twice")
        .string("out", &Request::out, "Campaign folder; one that was begun is continued")
        .boolean("dry_run", &Request::dry_run,
                 "Print the plan with its estimated time, do nothing");
    return settings;
  }();
  return kSettings;
}

std::string campaign_command(const CampaignRequest& request) {
  std::string command = "edgetran profile run";
  const auto add = [&](const std::string& name, const Json& value) {
    command += fmt::format(" --{}", base::flag_name(name));
    if (value.is_boolean()) return;
    command += " " + shell_word(value.is_string() ? value.get<std::string>() : value.dump());
  };
  const Json given = campaign_settings().write(request);
  const Json usual = campaign_settings().write({});
  for (const auto& [name, value] : given.items()) {
    if (value == usual.at(name)) continue;
    if (!value.is_array()) {
      add(name, value);
      continue;
    }
    for (const auto& item : value) add(name, item);
  }
  return command;
}

Result<CampaignConfig> read_campaign(Context& context, const CampaignRequest& request) {
  EDGETRAN_TRY(profile::find_profile(request.profile));
  CampaignConfig config{.models = {},
                        .sentinel = {},
                        .boards = {},
                        .profile = request.profile,
                        .mask = request.mask,
                        .seed = request.seed,
                        .sentinel_every = request.sentinel_every,
                        .repeats = request.repeats};
  EDGETRAN_ASSIGN(auto cards,
                  read_cards(request.device, request.batch, request.length, context.events));
  EDGETRAN_TRY(restrict_deployments(cards, request.deployment));
  EDGETRAN_TRY(check_boards(cards));
  EDGETRAN_ASSIGN(config.models, read_models(request));
  EDGETRAN_ASSIGN(config.sentinel, read_sentinel(request, config.models));
  for (auto& card : cards) {
    const std::string name = card.board.name, sentinel = widest(card).name;
    config.boards.push_back(
        {.name = name, .card = std::move(card), .sentinel_deployment = sentinel});
  }
  EDGETRAN_TRY(check_lengths(config));
  return config;
}

}  // namespace edgetran::service
