#include "service/measuring_request.h"

#include <utility>

#include "profile/measure_request.h"
#include "profile/profiles.h"
#include "space/model_spec.h"

namespace edgetran::service {

const base::Settings<MeasuringRequest>& measuring_settings() {
  static const auto kSettings = [] {
    using Request = MeasuringRequest;
    base::Settings<Request> settings;
    settings.string("device", &Request::device, "Card file, or this-machine")
        .string("deployment", &Request::deployment, "Deployment of the card; empty: its first")
        .integer("batch", &Request::batch, 0, profile::kMaxBatch, "",
                 "Batch; 0: the deployment's own")
        .integer("length", &Request::length, 0, space::kMaxPositions, "tokens",
                 "Length; 0: the deployment's own")
        .choice("profile", &Request::profile, profile::profile_names(), "Measuring profile")
        .boolean("mask", &Request::mask, "Measure with the input attention_mask")
        .integer("seed", &Request::seed, 0, INT64_MAX, "", "Seed of inputs and fresh weights");
    return settings;
  }();
  return kSettings;
}

base::Result<OpenedDevice> open_device(Context& context, const MeasuringRequest& request) {
  EDGETRAN_TRY(profile::find_profile(request.profile).map([](const auto&) {}));
  EDGETRAN_ASSIGN(auto cards,
                  read_cards({request.device}, request.batch, request.length, context.events));
  device::BoardInfo board = cards.front().board;
  Hardware hardware(std::move(cards), {.agent = context.programs / "edgetran-agent"});
  auto device = hardware.devices().front();
  if (!request.deployment.empty()) {
    EDGETRAN_ASSIGN(device, hardware.device(request.deployment));
  }
  return OpenedDevice{std::move(board), std::move(hardware), std::move(device)};
}

}  // namespace edgetran::service
