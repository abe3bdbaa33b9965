#include "service/study/report_commands.h"

#include <fmt/format.h>

namespace edgetran::service {

namespace {

/// "this-machine", or the card file that the study names for a board that is not.
std::string device_argument(const store::StudyView& view) {
  const auto& devices = view.config.at("devices");
  return devices.size() == 1 ? devices.at(0).get<std::string>() : "CARD";
}

}  // namespace

std::vector<report::Command> report_commands(const store::StudyView& view,
                                             const std::filesystem::path& study) {
  if (view.deployed.empty()) return {};
  const auto& deployed = view.deployed.back();
  base::Json deployment;
  for (const auto& device : view.devices)
    if (device.name == deployed.device) deployment = device.card.at("deployment");
  if (deployment.is_null()) return {};
  const std::string model = (study / "deploy").string();
  return {
      {"Measure it again",
       fmt::format("edgetran measure {} --device {} --deployment {} --batch {} --length {} "
                   "--mask",
                   model, device_argument(view), deployment.at("name").get<std::string>(),
                   deployment.at("batch").get<int64_t>(), deployment.at("length").get<int64_t>())},
      {"Write its ONNX file again",
       fmt::format("edgetran model export {} --to onnx --batch {} --length {} --mask --out "
                   "model.onnx",
                   model, deployment.at("batch").get<int64_t>(),
                   deployment.at("length").get<int64_t>())}};
}

}  // namespace edgetran::service
