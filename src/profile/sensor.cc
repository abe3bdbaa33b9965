#include "profile/sensor.h"

#include <array>
#include <utility>

namespace edgetran::profile {

namespace {

constexpr std::array<std::pair<Boundary, std::string_view>, 9> kBoundaries = {{
    {Boundary::kWall, "wall"},
    {Boundary::kBoardInput, "board-input"},
    {Boundary::kModule, "module"},
    {Boundary::kSocRails, "soc-rails"},
    {Boundary::kPsys, "psys"},
    {Boundary::kPackage, "package"},
    {Boundary::kAccelerator, "accelerator"},
    {Boundary::kRail, "rail"},
    {Boundary::kEstimate, "estimate"},
}};

}  // namespace

std::string_view boundary_name(Boundary boundary) {
  for (const auto& [value, name] : kBoundaries) {
    if (value == boundary) return name;
  }
  return "unknown";
}

std::optional<Boundary> boundary_from_name(std::string_view name) {
  for (const auto& [value, known] : kBoundaries) {
    if (known == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string> boundary_names() {
  std::vector<std::string> names;
  names.reserve(kBoundaries.size());
  for (const auto& [value, name] : kBoundaries) names.emplace_back(name);
  return names;
}

}  // namespace edgetran::profile
