// device list | show
#include <fmt/format.h>

#include "base/files.h"
#include "device/card.h"
#include "device/detect.h"
#include "service/operations.h"
#include "service/study/hardware.h"

namespace edgetran::service {

namespace {

using base::ErrorCategory;
using base::Json;
using base::Result;

Json deployment_row(const device::Card& card, const device::Deployment& deployment) {
  return {{"device", deployment.name},
          {"board", card.board.name},
          {"kind", device::board_kind_name(card.board.kind)},
          {"runtime", deployment.runtime},
          {"precision", deployment.precision},
          {"threads", deployment.threads},
          {"batch", deployment.batch},
          {"length", deployment.length}};
}

const std::vector<Column>& deployment_columns() {
  static const std::vector<Column> columns = {
      {"device", "device", Shown::kPlain},       {"board", "board", Shown::kPlain},
      {"kind", "kind", Shown::kPlain},           {"runtime", "runtime", Shown::kPlain},
      {"precision", "precision", Shown::kPlain}, {"threads", "threads", Shown::kCount},
      {"batch", "batch", Shown::kCount},         {"length", "length", Shown::kCount}};
  return columns;
}

// -- list -----------------------------------------------------------------------------------------

struct ListRequest {
  bool detect = false;
  std::string folder = "devices";
  std::string out;
};

Result<Reply> list(Context& context, const ListRequest& request) {
  Reply reply{.data = Json::array(), .columns = deployment_columns(), .text = {}, .outcome = {}};
  if (request.detect) {
    EDGETRAN_ASSIGN(const auto detected, device::detect_this_machine());
    for (const auto& note : detected.notes) context.events.emit({"message", {{"text", note}}});
    if (!request.out.empty())
      EDGETRAN_TRY(base::write_file_atomic(request.out, device::card_yaml(detected.card)));
    for (const auto& deployment : detected.card.deployments)
      reply.data.push_back(deployment_row(detected.card, deployment));
    return reply;
  }
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(request.folder, error))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  if (error)
    return base::fail(
        ErrorCategory::kNotFound,
        fmt::format("cannot read the folder of cards '{}': {}", request.folder, error.message()),
        "name it with --folder, or use --detect for this machine");
  std::ranges::sort(files);
  for (const auto& file : files) {
    EDGETRAN_ASSIGN(const auto card, device::read_card_file(file));
    for (const auto& deployment : card.deployments)
      reply.data.push_back(deployment_row(card, deployment));
  }
  return reply;
}

// -- show -----------------------------------------------------------------------------------------

struct ShowRequest {
  std::string card;
};

Result<Reply> show(Context& context, const ShowRequest& request) {
  EDGETRAN_ASSIGN(const auto cards, read_cards({request.card}, 0, 0, context.events));
  Reply reply;
  reply.data = device::card_json(cards.front());
  reply.text = device::card_yaml(cards.front());
  return reply;
}

}  // namespace

std::vector<Operation> device_operations() {
  base::Settings<ListRequest> list_settings;
  list_settings
      .boolean("detect", &ListRequest::detect, "Deployments of this machine instead of card files")
      .string("folder", &ListRequest::folder, "Folder of device cards")
      .string("out", &ListRequest::out, "With --detect: also write the card to this file");

  base::Settings<ShowRequest> show_settings;
  show_settings.string("card", &ShowRequest::card, "Card file, or this-machine");

  return {operation("device list", "Boards and their deployments", list_settings, {}, {}, list),
          operation("device show", "A device card", show_settings, {"card"}, {}, show)};
}

}  // namespace edgetran::service
