#pragma once

#include <string>

namespace edgetran::service {

/// A commented study file that runs as it is (`edgetran study init`), made from the declared
/// settings so that it never lacks one.
std::string study_template();

}  // namespace edgetran::service
