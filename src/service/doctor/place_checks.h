#pragma once

#include <filesystem>

#include "service/doctor/check.h"

namespace edgetran::service {

/// Whether results can be written to `folder`: permission and room. `name` is how it is called.
DoctorCheck check_folder(const std::string& name, const std::filesystem::path& folder);

/// Whether the device cards in `folder` can be read; one check for those that can, and one for each
/// that cannot.
Checks check_cards(const std::filesystem::path& folder);

/// Programs of others that parts of the product use: ssh for boards elsewhere, Python for adapters.
Checks check_tools(double limit_s);

}  // namespace edgetran::service
