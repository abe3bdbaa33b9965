#include "device/replay_source.h"

namespace edgetran::device {

base::Result<ReplaySource> read_replay_source(base::ConfigMap& board) {
  ReplaySource source;
  EDGETRAN_ASSIGN(const auto table, board.require("table"));
  EDGETRAN_ASSIGN(const std::string path, table.as_string());
  if (path.empty()) return base::fail(table.error("table is empty", "name a file"));
  const std::filesystem::path card = table.location().name;
  source.table = (card.parent_path() / path).lexically_normal();
  if (const auto device = board.find("device")) {
    EDGETRAN_ASSIGN(source.device, device->as_string());
  }
  if (const auto boundary = board.find("boundary")) {
    EDGETRAN_ASSIGN(const std::string name, boundary->as_choice(profile::boundary_names()));
    source.boundary = *profile::boundary_from_name(name);
  }
  return source;
}

void write_replay_source(const ReplaySource& source, base::Json& board) {
  board["table"] = source.table.string();
  if (!source.device.empty()) board["device"] = source.device;
  board["boundary"] = profile::boundary_name(source.boundary);
}

}  // namespace edgetran::device
